// The Remit documents of docs/coming-from.md are one bundle: it is valid, and its Tests pass as the
// page shows. UPDATE_GOLDEN=1 writes an output that has changed into the page.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useFolder } from '../support/folder.ts';
import { isShown, runShown, stepsOf, withOutputs, writeStep } from './transcript.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'coming-from.md');

describe('docs/coming-from.md', () => {
  const folder = useFolder();

  it('translates policies that do what it says', () => {
    const page = readFileSync(PAGE, 'utf8');
    const outputs: string[] = [];
    for (const step of stepsOf(page)) {
      if (step.kind === 'file') {
        writeStep(folder.path, step.name, step.text);
        continue;
      }
      const output = runShown(folder.path, step.command);
      outputs.push(output);
      if (process.env['UPDATE_GOLDEN'] === '1') continue;
      assert.ok(isShown(output, step.output), output);
    }
    assert.equal(outputs.length, 1);
    assert.match(outputs.join(''), /\n8 passed, 0 failed\n$/);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(PAGE, withOutputs(page, outputs));
  });
});
