// Responses that differ in nothing but the decision id: who is allowed by which rule, and who is
// denied for which reason, repeats from request to request, so the bytes around the id are made
// once (measured: a third of the time that encoding each response anew took).

import { DECISION_ID_LENGTH } from '../engine/limits.ts';

/** Stands where the id will be; no name and no reason contains this character. */
export const ID_PLACEHOLDER = '\x7f'.repeat(DECISION_ID_LENGTH);

/** Kept by one thread; beyond them all are made anew. */
const TEMPLATES_MAX = 4096;

export class ResponseTemplate {
  readonly #bytes: Buffer;
  readonly #places: readonly number[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const places: number[] = [];
    for (let at = bytes.indexOf(ID_PLACEHOLDER); at !== -1; ) {
      places.push(at);
      at = bytes.indexOf(ID_PLACEHOLDER, at + DECISION_ID_LENGTH);
    }
    this.#places = places;
  }

  fill(decisionId: string): Buffer {
    if (decisionId.length !== DECISION_ID_LENGTH)
      throw new Error('a decision id of another length');
    const bytes = Buffer.allocUnsafe(this.#bytes.length);
    this.#bytes.copy(bytes);
    for (const place of this.#places) bytes.write(decisionId, place, 'latin1');
    return bytes;
  }
}

/** By what a response says: nested maps, because joining keys costs more than three look-ups. */
export class ResponseTemplates {
  readonly #byKind = new Map<string, Map<string, Map<string, ResponseTemplate>>>();
  #count = 0;

  get(kind: string, principal: string, rule: string): ResponseTemplate | undefined {
    return this.#byKind.get(kind)?.get(principal)?.get(rule);
  }

  add(kind: string, principal: string, rule: string, bytes: Buffer): ResponseTemplate {
    if (this.#count++ === TEMPLATES_MAX) {
      this.#byKind.clear();
      this.#count = 1;
    }
    const byPrincipal = at(
      this.#byKind,
      kind,
      () => new Map<string, Map<string, ResponseTemplate>>(),
    );
    const byRule = at(byPrincipal, principal, () => new Map<string, ResponseTemplate>());
    return at(byRule, rule, () => new ResponseTemplate(bytes));
  }
}

function at<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
