// YAML with positions: a file becomes documents one by one. A document keeps its value and the
// range of its text, and reads the text again when somebody asks where a part of it stands: that is
// rare, and syntax trees take many times as much memory as their text.

import { Composer, type Document, Parser } from 'yaml';
import type { Diagnostics, Position } from '../diagnostic.ts';
import { YAML_ALIASES_MAX } from '../limits.ts';
import { type DocumentRange, LatestTree, LazyPosition, YamlText } from './yaml_position.ts';
import { treeValue } from './yaml_value.ts';

const YAML_VERSION = '1.2';

export type Path = readonly (string | number)[];

export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the part at `path` stands, or the nearest part above it that stands there. */
  at(path: Path): Position;
  /** Where the key itself stands. */
  atKey(path: Path, key: string): Position;
}

const OPTIONS = {
  prettyErrors: false,
  // `!!omap` and `!!set` would become a Map and a Set, which a schema sees as objects without keys.
  resolveKnownTags: false,
  // Its check compares each key of a map with all others; `treeValue` has a faster one.
  uniqueKeys: false,
} as const;

/**
 * The documents of a file, each parsed when it is asked for; syntax errors go to `diagnostics`,
 * their documents are left out.
 */
export function* readYaml(
  file: string,
  text: string,
  diagnostics: Diagnostics,
  latest: LatestTree = new LatestTree(),
): Generator<YamlDocument> {
  const source = new YamlText(file, text, latest);
  // YAML and editors take a lone carriage return for the end of a line, and this parser does not:
  // behind a comment it would hide what follows.
  const lone = /\r(?!\n)/.exec(text);
  if (lone !== null) {
    diagnostics.error(source.position(lone.index), 'a carriage return without a line feed');
    return;
  }
  let start = 0;
  for (const document of new Composer(OPTIONS).compose(new Parser().parse(text))) {
    const range = { source, start, end: document.range[2] };
    start = range.end;
    const value = checkedValue(document, source, diagnostics);
    if (value !== undefined) yield textDocument(range, value);
  }
}

/** Its positions hold on to the range alone: the value can go when it has been checked. */
function textDocument(range: DocumentRange, value: unknown): YamlDocument {
  return {
    file: range.source.name,
    value,
    at: (path) => new LazyPosition(range, path),
    atKey: (path, key) => new LazyPosition(range, path, key),
  };
}

/** Undefined when there is nothing, or nothing that can be used. */
function checkedValue(
  document: Document.Parsed,
  source: YamlText,
  diagnostics: Diagnostics,
): unknown {
  // Warnings too: what YAML only warns of, a tag nobody resolves, would change what is meant.
  const problems = [...document.errors, ...document.warnings];
  for (const error of problems) {
    diagnostics.error(source.position(error.pos[0]), lowerFirst(error.message));
  }
  const root = document.contents;
  if (problems.length > 0 || root === null) return undefined;
  const at = () => source.position(root.range[0]);
  const { version } = document.directives.yaml;
  if (version !== YAML_VERSION) {
    const message = `YAML ${version} reads \`yes\`, \`<<\` and numbers differently`;
    diagnostics.error(at(), message, `YAML ${YAML_VERSION}`);
    return undefined;
  }
  try {
    const read = treeValue(root, source, diagnostics);
    if (!read.isSound) return undefined;
    const value: unknown = read.hasAliases
      ? document.toJS({ maxAliasCount: YAML_ALIASES_MAX })
      : read.value;
    return value ?? undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    diagnostics.error(at(), lowerFirst(message));
    return undefined;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
