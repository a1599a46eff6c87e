// docs/policy.md shows one bundle, piece by piece: it compiles, and the lint finds no error in it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { compileBundle } from '../../engine/compile_bundle.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { lintBundle } from '../../engine/lint/lint_bundle.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';

describe('docs/policy.md', () => {
  it('shows a bundle that is valid and wise', () => {
    const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, code = '']) => code);
    // The key files of an Issuer are not shown.
    const files = blocks
      .filter((code) => !code.startsWith('kind: Issuer'))
      .map((text, index) => ({ name: `block ${index + 1}`, text }));
    assert.equal(files.length, 6);
    const settings = { ...DEFAULT_SETTINGS, trustDomain: 'prod.example' };
    const diagnostics = new Diagnostics();
    const bundle = parseBundle(files, diagnostics);
    compileBundle(bundle, new Map(), settings, 1, diagnostics);
    assert.deepEqual(diagnostics.list.map(formatDiagnostic), []);
    const findings = lintBundle(bundle, settings, Date.parse('2026-11-25T12:00:00Z'));
    const errors = findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual(errors.map(formatDiagnostic), []);
  });
});
