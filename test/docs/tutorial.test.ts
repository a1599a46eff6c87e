// The tutorial works as it is written: every file, every command, every output. UPDATE_GOLDEN=1
// writes outputs that have changed into the page.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useFolder } from '../support/folder.ts';
import { isShown, runShown, stepsOf, withOutputs, writeStep } from './transcript.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'tutorial.md');
const UPDATES = process.env['UPDATE_GOLDEN'] === '1';

describe('docs/tutorial.md', () => {
  const folder = useFolder();
  const page = readFileSync(PAGE, 'utf8');
  const steps = stepsOf(page);
  const outputs: string[] = [];

  it('has files and commands', () => {
    const count = (kind: string) => steps.filter((step) => step.kind === kind).length;
    assert.ok(count('file') >= 10);
    assert.ok(count('command') >= 10);
  });

  for (const [index, step] of steps.entries()) {
    if (step.kind === 'file') {
      it(`${index + 1}. writes ${step.name}`, () => writeStep(folder.path, step.name, step.text));
      continue;
    }
    it(`${index + 1}. shows what comes of: ${step.command}`, () => {
      const output = runShown(folder.path, step.command);
      const same = isShown(output, step.output);
      outputs.push(same ? step.output : output);
      if (!same && !UPDATES) assert.equal(output, step.output);
    });
  }

  after(() => {
    if (UPDATES) writeFileSync(PAGE, withOutputs(page, outputs));
  });
});

describe('the reader of a page that is run', () => {
  it('finds files, commands and outputs in their order', () => {
    const page =
      '```yaml file=a/b.yaml\nx: 1\n```\ntext\n```console\n$ one\nout\n$ two\n```\n```sh\n$ no\n```\n';
    assert.deepEqual(stepsOf(page), [
      { kind: 'file', name: 'a/b.yaml', text: 'x: 1\n' },
      { kind: 'command', command: 'one', output: 'out\n' },
      { kind: 'command', command: 'two', output: '' },
    ]);
  });

  it('takes `…` for any text within its line, and nothing else for anything', () => {
    assert.ok(isShown('a 12 b\nc\n', 'a … b\nc\n'));
    assert.ok(!isShown('a\nb\nc\n', 'a…c\n'));
    assert.ok(!isShown('a+b\n', 'aab\n'));
  });
});
