// Tables of mistakes: a text, and everything that is told about it, in order and at its place.

import assert from 'node:assert/strict';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';

/** `line:column`, message, what was expected, what may have been meant. */
export type Told = readonly [string, string, (string | undefined)?, string?];

export interface Mistake {
  readonly name: string;
  readonly text: string;
  readonly want: readonly Told[];
}

/** All that is told of a bundle; an error is the usual case, a warning says so. */
export function toldOf(text: string, trustDomain?: string): Told[] {
  const diagnostics = new Diagnostics();
  const settings = { ...DEFAULT_SETTINGS, trustDomain };
  const source = { files: [{ name: 'b.yaml', text }], keyFiles: new Map() };
  const snapshot = compileSnapshot(source, settings, 1, diagnostics);
  assert.equal(snapshot === undefined, diagnostics.hasErrors, 'no snapshot, exactly with an error');
  return diagnostics.list.map((diagnostic): Told => {
    const { file, line, column, severity, message, expected, suggestion } = diagnostic;
    assert.equal(file, 'b.yaml');
    const said = severity === 'error' ? message : `${severity}: ${message}`;
    if (suggestion !== undefined) return [`${line}:${column}`, said, expected, suggestion];
    if (expected !== undefined) return [`${line}:${column}`, said, expected];
    return [`${line}:${column}`, said];
  });
}

export function describeMistakes(subject: string, mistakes: readonly Mistake[]): void {
  describe(`a mistake in ${subject} is told at its place:`, () => {
    for (const { name, text, want } of mistakes) {
      it(name, () => assert.deepEqual(toldOf(text), want));
    }
  });
}
