// What a terminal adds: colours where somebody sees them and has not declined; and that text of a
// bundle cannot command it.

import assert from 'node:assert/strict';
import { harmless, paletteOf } from '../../cli/terminal.ts';

const CASES = [
  { name: 'a terminal', output: { isTTY: true }, environment: {}, coloured: true },
  { name: 'a pipe', output: {}, environment: {}, coloured: false },
  { name: 'NO_COLOR', output: { isTTY: true }, environment: { NO_COLOR: '1' }, coloured: false },
  {
    name: 'NO_COLOR empty',
    output: { isTTY: true },
    environment: { NO_COLOR: '' },
    coloured: true,
  },
  { name: 'TERM=dumb', output: { isTTY: true }, environment: { TERM: 'dumb' }, coloured: false },
];

describe('colours', () => {
  for (const { name, output, environment, coloured } of CASES) {
    it(`${coloured ? 'for' : 'not for'} ${name}`, () => {
      const painted = paletteOf(output, environment).bad('x');
      assert.equal(painted, coloured ? '\x1b[31mx\x1b[39m' : 'x');
    });
  }

  it('of control characters and directions nothing is left', () => {
    assert.equal(harmless('a\x1b[31mb\u202ec\nd'), 'a�[31mb�c\nd');
  });
});
