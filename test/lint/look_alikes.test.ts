// Letters of other scripts that pass for Latin ones in the name of an identity or an owner (C-102).

import assert from 'node:assert/strict';
import { skeletonOf } from '../../engine/lint/confusable_names.ts';

/** Each letter beside the one that it looks like. */
const PAIRS = [
  'аa сc ԁd еe һh іi јj кk ӏl мm пn оo рp ԛq гr ѕs тt уy ѵv ԝw хx вb',
  'αa βb εe ηn ιi κk νv οo ρp τt υu χx γy ωw',
  'ıi ɑa ɡg ոn օo սu ցg',
];

describe('C-102: a name', () => {
  for (const pair of PAIRS.flatMap((it) => it.split(' '))) {
    const [letter = '', latin = ''] = pair;
    it(`with \`${letter}\` looks like one with \`${latin}\``, () => {
      assert.equal(skeletonOf(`5${letter}7`), skeletonOf(`5${latin}7`));
      assert.notEqual(skeletonOf(`5${letter}7`), '57');
    });
  }
});
