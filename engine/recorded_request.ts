// The request of a recorded decision, as far as its record holds it (C-008), and which attributes
// that is: what the record does not tell is not taken for absent.

import type { RequestAttributes } from './access_request.ts';
import { attributeNames } from './attribute_path.ts';
import {
  BODY_PROBLEMS,
  type Body,
  type BodyDetail,
  type BodyProblem,
  type BodyValue,
} from './body/body.ts';

export interface RecordedFields {
  readonly method: string;
  readonly sourceIp: string;
  /** Values by path. */
  readonly attributes: ReadonlyMap<string, BodyValue>;
  /** Paths that led to nothing. */
  readonly absent: readonly string[];
  /** Why the body had no value; empty when it had one, or nobody asked. */
  readonly bodyDetail: string;
}

export class RecordedRequest implements RequestAttributes {
  readonly captures = new Map<string, string>();
  readonly #fields: RecordedFields;
  readonly #headers = new Map<string, string>();
  readonly #body: Body | BodyProblem;
  #askedForAddress = false;

  constructor(fields: RecordedFields) {
    this.#fields = fields;
    const body = new Map<string, BodyValue>();
    let whole: BodyValue | undefined;
    for (const [path, value] of fields.attributes) {
      const [, group, ...names] = attributeNames(path);
      if (group === 'headers') this.#headers.set(names.join('.'), String(value));
      else if (group === 'captures') this.#capture(names[0], value);
      else if (group === 'body' && names.length === 0) whole = value;
      else if (group === 'body') place(body, names, value);
    }
    for (const path of fields.absent) {
      const [, group, ...names] = attributeNames(path);
      if (group === 'body') place(body, names, undefined);
    }
    const problem: BodyProblem | undefined = BODY_PROBLEMS[fields.bodyDetail as BodyDetail];
    this.#body = problem ?? { kind: 'json', value: whole ?? body };
  }

  get method(): string {
    return this.#text('request.method') ?? this.#fields.method;
  }

  get path(): string {
    return this.#text('request.path') ?? '';
  }

  get host(): string {
    return this.#text('request.host') ?? '';
  }

  get sourceAddress(): string {
    this.#askedForAddress = true;
    return this.#fields.sourceIp;
  }

  headers(): ReadonlyMap<string, string> {
    return this.#headers;
  }

  query(): undefined {
    return undefined;
  }

  body(): Body | BodyProblem {
    return this.#body;
  }

  /**
   * Of the paths that rules read, those that the record says nothing of.
   *
   * @param hasAddress whether an address would stand there if one had come
   */
  unknown(reads: readonly string[], hasAddress: boolean): string[] {
    const unknown = new Set(reads.filter((path) => !this.#knows(path)));
    if (!hasAddress && this.#askedForAddress && this.#fields.sourceIp === '') {
      unknown.add('context.sourceIp');
    }
    return [...unknown].sort();
  }

  #knows(path: string): boolean {
    if (!path.startsWith('request.') || path === 'request.method') return true;
    const { attributes, absent, bodyDetail } = this.#fields;
    if (bodyDetail !== '' && `${path}.`.startsWith('request.body.')) return true;
    // What is known of a whole is known of its parts.
    for (let it = path; it !== 'request'; it = it.slice(0, it.lastIndexOf('.'))) {
      if (attributes.has(it) || absent.includes(it)) return true;
    }
    return false;
  }

  #capture(name: string | undefined, value: BodyValue): void {
    if (name !== undefined) this.captures.set(name, String(value));
    else if (value instanceof Map) {
      for (const [each, text] of value) this.captures.set(String(each), String(text));
    }
  }

  #text(path: string): string | undefined {
    const value = this.#fields.attributes.get(path);
    return value === undefined ? undefined : String(value);
  }
}

/** @param value undefined for a name that is not there, in objects that are */
function place(
  body: Map<string, BodyValue>,
  [name = '', ...rest]: readonly string[],
  value: BodyValue | undefined,
): void {
  if (rest.length === 0) {
    if (value !== undefined) body.set(name, value);
    return;
  }
  const known = body.get(name);
  if (known !== undefined && !(known instanceof Map)) return;
  const inner = new Map(known);
  body.set(name, inner);
  place(inner, rest, value);
}
