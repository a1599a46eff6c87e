// Which request headers the snapshot reads beyond those that are always read, and their values: for
// rules, and as proof.
//
// The values of one name are one text, joined with a comma in the order in which they came, as
// Envoy joins them itself in `HttpRequest.headers`; so both forms of headers say the same (RFC 9110
// section 5.3). Bytes that are not UTF-8 become U+FFFD: such a value equals none that a rule names.
// As proof they stay the bytes they are.

import { mayRepeat } from '../engine/proof_headers.ts';
import type { AttributesRead } from '../engine/settings.ts';

/** What says of a body whether it is whole, what it is, and how it is encoded. */
const BODY_HEADERS = [
  'content-type',
  'content-encoding',
  'content-length',
  'x-envoy-auth-partial-body',
] as const;

/** One header that is read. */
export interface Chosen {
  /** In lower case. */
  readonly name: string;
  /** A rule reads it, or whoever reads the body. */
  readonly isRead: boolean;
  /** Proof may stand in it. */
  readonly isProof: boolean;
  /** False of proof of which there is one or none. */
  readonly mayRepeat: boolean;
}

type Kept = WeakMap<ReadonlySet<string>, WeakMap<ReadonlySet<string>, HeaderSelection>>;

/** By the sets that name them, as a snapshot keeps them: selections are made once for each. */
const plain: Kept = new WeakMap();
const withBody: Kept = new WeakMap();

/** Undefined when no header is read but those that always are. */
export function headerSelection(read: AttributesRead): HeaderSelection | undefined {
  const { headers, proofHeaders, body } = read;
  if (headers.size === 0 && proofHeaders.size === 0 && !body) return undefined;
  const kept = body ? withBody : plain;
  let byProof = kept.get(headers);
  if (byProof === undefined) {
    byProof = new WeakMap();
    kept.set(headers, byProof);
  }
  let selection = byProof.get(proofHeaders);
  if (selection === undefined) {
    selection = new HeaderSelection(
      new Set(body ? [...headers, ...BODY_HEADERS] : headers),
      proofHeaders,
    );
    byProof.set(proofHeaders, selection);
  }
  return selection;
}

export class HeaderSelection {
  readonly #byName = new Map<string, Chosen>();
  /** By length of a name, so that most headers are passed over without a look at a byte of them. */
  readonly #lengths: readonly boolean[];

  constructor(read: ReadonlySet<string>, proof: ReadonlySet<string>) {
    for (const name of [...read, ...proof]) {
      const isProof = proof.has(name);
      const chosen = { name, isRead: read.has(name), isProof, mayRepeat: mayRepeat(name) };
      this.#byName.set(name, chosen);
    }
    const longest = Math.max(0, ...[...this.#byName.keys()].map((it) => it.length));
    const lengths = new Array<boolean>(longest + 1).fill(false);
    for (const name of this.#byName.keys()) lengths[name.length] = true;
    this.#lengths = lengths;
  }

  /** What the name between two positions is, if it is one of these. */
  find(buffer: Buffer, start: number, end: number): Chosen | undefined {
    if (this.#lengths[end - start] !== true) return undefined;
    return this.#byName.get(buffer.toString('latin1', start, end).toLowerCase());
  }
}
