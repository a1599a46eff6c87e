// Which request headers the snapshot reads beyond those that are always read, and their values.
//
// The values of one name are one text, joined with a comma in the order in which they came, as
// Envoy joins them itself in `HttpRequest.headers`; so both forms of headers say the same (RFC 9110
// section 5.3). Bytes that are not UTF-8 become U+FFFD: such a value equals none that a rule names.

import type { AttributesRead } from '../engine/settings.ts';

/** What says of a body whether it is whole, what it is, and how it is encoded. */
const BODY_HEADERS = [
  'content-type',
  'content-encoding',
  'content-length',
  'x-envoy-auth-partial-body',
] as const;

/** By the set that names them, as a snapshot keeps it: selections are made once for each. */
const plain = new WeakMap<ReadonlySet<string>, HeaderSelection>();
const withBody = new WeakMap<ReadonlySet<string>, HeaderSelection>();

/** Undefined when no header is read but those that always are. */
export function headerSelection({ headers, body }: AttributesRead): HeaderSelection | undefined {
  if (headers.size === 0 && !body) return undefined;
  const kept = body ? withBody : plain;
  let selection = kept.get(headers);
  if (selection === undefined) {
    selection = new HeaderSelection(body ? [...headers, ...BODY_HEADERS] : [...headers]);
    kept.set(headers, selection);
  }
  return selection;
}

export class HeaderSelection {
  readonly #names: ReadonlySet<string>;
  /** By length of a name, so that most headers are passed over without a look at a byte of them. */
  readonly #lengths: readonly boolean[];

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    const lengths: boolean[] = [];
    for (let length = 0; length <= Math.max(0, ...names.map((it) => it.length)); length++) {
      lengths.push(names.some((name) => name.length === length));
    }
    this.#lengths = lengths;
  }

  /** The name between two positions, in lower case, if it is one of these. */
  find(buffer: Buffer, start: number, end: number): string | undefined {
    if (this.#lengths[end - start] !== true) return undefined;
    const name = buffer.toString('latin1', start, end).toLowerCase();
    return this.#names.has(name) ? name : undefined;
  }
}
