// What an operator is told: one line a mistake, and the nearest thing that would have been right.

import assert from 'node:assert/strict';
import { Diagnostics, formatDiagnostic, nearest } from '../../engine/diagnostic.ts';
import { fastestMs } from '../support/linear.ts';

const AT = { file: 'pay/refunds.yaml', line: 7, column: 3 };

describe('a diagnostic', () => {
  it('is one line with file, line, column, what was expected and a suggestion', () => {
    const diagnostics = new Diagnostics();
    diagnostics.error(AT, 'unknown field `form`', 'one of from, to', 'from');
    assert.deepEqual(diagnostics.list.map(formatDiagnostic), [
      'pay/refunds.yaml:7:3: error: unknown field `form`; expected one of from, to; ' +
        'did you mean `from`?',
    ]);
  });

  it('says nothing of what it does not know', () => {
    const diagnostics = new Diagnostics();
    diagnostics.warning(AT, 'is ignored');
    assert.deepEqual(diagnostics.list.map(formatDiagnostic), [
      'pay/refunds.yaml:7:3: warning: is ignored',
    ]);
  });

  it('as a warning leaves the bundle usable, as an error it does not', () => {
    const diagnostics = new Diagnostics();
    diagnostics.warning(AT, 'is ignored');
    assert.equal(diagnostics.hasErrors, false);
    diagnostics.error(AT, 'is wrong');
    assert.equal(diagnostics.hasErrors, true);
  });
});

const VERBS = ['read', 'write', 'invoke', 'delegate'];

const suggestions: { name: string; written: string; among?: string[]; want?: string }[] = [
  { name: 'a letter too many', written: 'reead', want: 'read' },
  { name: 'two letters swapped', written: 'wriet', want: 'write' },
  { name: 'another case', written: 'READ', want: 'read' },
  { name: 'a longer word with a third of it wrong', written: 'delegating', want: 'delegate' },
  { name: 'the nearest of several', written: 'writ', among: ['writers', 'write'], want: 'write' },
  { name: 'the first of several as near', written: 'ab', among: ['abx', 'aby'], want: 'abx' },
  { name: 'nothing for another word', written: 'purge' },
  { name: 'nothing for a much longer word', written: 'read-everything' },
  { name: 'nothing when there are no candidates', written: 'read', among: [] },
];

describe('the nearest candidate', () => {
  for (const { name, written, among = VERBS, want } of suggestions) {
    it(want === undefined ? `is ${name}` : `is found for ${name}`, () => {
      assert.equal(nearest(written, among), want);
    });
  }

  it('is not searched for in a text of a length that no candidate has', () => {
    const search = (text: string) => () => assert.equal(nearest(text, VERBS), undefined);
    const short = fastestMs(search('x'.repeat(32)));
    // To look at each letter of it would take thousands of times as long.
    assert.ok(fastestMs(search('x'.repeat(1_000_000))) < 100 * short);
  });
});
