// From a syntax tree to plain values, in one walk that also checks the keys: each is text and
// stands once in its map. `1` and `"1"` are two keys to YAML and one to an object, so the second
// would replace the first in silence; an object takes `__proto__` for something else than a key.

import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Diagnostics } from '../diagnostic.ts';
import type { YamlText } from './yaml_position.ts';

export interface TreeValue {
  /** Not to be used with aliases, which are left out of it. */
  readonly value: unknown;
  readonly hasAliases: boolean;
  /** False when a key is wrong; `diagnostics` says so. */
  readonly isSound: boolean;
}

/** Throws when the tree is deeper than the stack. */
export function treeValue(root: ParsedNode, source: YamlText, diagnostics: Diagnostics): TreeValue {
  const walk = new Walk(source, diagnostics);
  const value = walk.valueOf(root);
  return { value, hasAliases: walk.hasAliases, isSound: walk.isSound };
}

class Walk {
  hasAliases = false;
  isSound = true;
  readonly #source: YamlText;
  readonly #diagnostics: Diagnostics;

  constructor(source: YamlText, diagnostics: Diagnostics) {
    this.#source = source;
    this.#diagnostics = diagnostics;
  }

  valueOf(node: ParsedNode | null): unknown {
    if (node === null) return null;
    if (isScalar(node)) {
      this.#checkText(node);
      return node.value;
    }
    if (isMap(node)) return this.#mapOf(node);
    if (isSeq(node)) return node.items.map((item) => this.valueOf(item));
    if (isAlias(node)) this.hasAliases = true;
    return undefined;
  }

  #mapOf({ items }: Extract<ParsedNode, { items: { key: unknown }[] }>): unknown {
    const value: Record<string, unknown> = {};
    for (const pair of items) {
      const name = this.#nameOf(pair.key);
      const inner = this.valueOf(pair.value);
      if (name === undefined) continue;
      if (Object.hasOwn(value, name)) this.#refuse(pair.key, 'map keys must be unique');
      value[name] = inner;
    }
    return value;
  }

  #nameOf(key: ParsedNode): string | undefined {
    const text = isScalar(key) ? key.value : undefined;
    if (isScalar(key)) this.#checkText(key);
    if (text === '__proto__') this.#refuse(key, 'no key is `__proto__`');
    else if (typeof text === 'string') return text;
    else this.#refuse(key, 'a key that is no text', 'text, in quotes if need be');
    return undefined;
  }

  /** Half a character, which only an escape can write, has no UTF-8: an image would not find it. */
  #checkText(node: Extract<ParsedNode, { value: unknown }>): void {
    if (typeof node.value !== 'string' || node.value.isWellFormed()) return;
    this.#refuse(node, 'half a character', 'both halves of its surrogate pair');
  }

  #refuse(key: ParsedNode, message: string, expected?: string): void {
    this.isSound = false;
    this.#diagnostics.error(this.#source.position(key.range[0]), message, expected);
  }
}
