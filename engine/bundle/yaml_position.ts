// Where in a file a part of a document stands. The document is parsed again for it, so the answer
// is the parser's own; the tree that was used last is kept, as mistakes come in swarms.

import { Composer, isMap, isScalar, type Node, type Pair, Parser } from 'yaml';
import type { Position } from '../diagnostic.ts';

/** Of keys and indexes. */
type Path = readonly (string | number)[];

/** The text of a file, and the lines of it. */
export class YamlText {
  readonly name: string;
  readonly text: string;
  readonly latest: LatestTree;
  // Up to which offset lines were counted: who asks mostly asks from top to bottom.
  #line = 1;
  #lineStart = 0;

  constructor(name: string, text: string, latest: LatestTree) {
    this.name = name;
    this.text = text;
    this.latest = latest;
  }

  /** Columns count UTF-16 units, as editors do. */
  position(offset: number): Position {
    if (offset < this.#lineStart) {
      this.#line = 1;
      this.#lineStart = 0;
    }
    let end = this.text.indexOf('\n', this.#lineStart);
    while (end !== -1 && end < offset) {
      this.#line++;
      this.#lineStart = end + 1;
      end = this.text.indexOf('\n', this.#lineStart);
    }
    return { file: this.name, line: this.#line, column: offset - this.#lineStart + 1 };
  }
}

/** A document in its file, with the directives and comments before it. */
export interface DocumentRange {
  readonly source: YamlText;
  readonly start: number;
  readonly end: number;
}

/** The syntax tree that was asked for last, of all files together: large ones are large. */
export class LatestTree {
  #of: DocumentRange | undefined;
  #root: Node | undefined;

  rootOf(range: DocumentRange): Node | undefined {
    if (range !== this.#of) {
      const { source, start, end } = range;
      this.#of = range;
      this.#root = undefined;
      const tokens = new Parser().parse(source.text.slice(start, end));
      // What is wrong with it was told when it was parsed first; then nobody asks for positions.
      const options = { prettyErrors: false, resolveKnownTags: false, uniqueKeys: false } as const;
      for (const { contents } of new Composer(options).compose(tokens)) {
        this.#root ??= contents ?? undefined;
      }
    }
    return this.#root;
  }
}

/** A position that is looked for when it is read. */
export class LazyPosition implements Position {
  readonly #range: DocumentRange;
  readonly #path: Path;
  readonly #key: string | undefined;
  #found: Position | undefined;

  /** @param key the key itself, in the map at `path` */
  constructor(range: DocumentRange, path: Path, key?: string) {
    this.#range = range;
    this.#path = path;
    this.#key = key;
  }

  get file(): string {
    return this.#range.source.name;
  }

  get line(): number {
    return this.#position.line;
  }

  get column(): number {
    return this.#position.column;
  }

  get #position(): Position {
    if (this.#found !== undefined) return this.#found;
    const { source, start } = this.#range;
    const root = source.latest.rootOf(this.#range);
    const node = root && nodeAt(root, this.#path);
    const place = node === undefined || this.#key === undefined ? node : keyOf(node, this.#key);
    this.#found = source.position(start + (place?.range?.[0] ?? 0));
    return this.#found;
  }
}

function nodeAt(root: Node, path: Path): Node {
  let node = root;
  for (const step of path) {
    const next: unknown = hasGet(node) ? node.get(step, true) : undefined;
    if (!isNode(next)) break;
    node = next;
  }
  return node;
}

function keyOf(node: Node, key: string): Node {
  if (!isMap(node)) return node;
  const pair = node.items.find((item: Pair) => isScalar(item.key) && item.key.value === key);
  return isNode(pair?.key) ? pair.key : node;
}

function hasGet(node: Node): node is Node & { get(key: unknown, keep: true): unknown } {
  return 'get' in node && typeof node.get === 'function';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}
