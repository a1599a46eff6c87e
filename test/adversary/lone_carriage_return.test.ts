// A lone carriage return is a line break to YAML (1.2, section 5.4) and to editors, and none to the
// `yaml` package: behind a comment it hides what follows, in silence.

import assert from 'node:assert/strict';
import { told } from '../engine/fixture.ts';

const FORBID = [
  '# freeze',
  'kind: Policy',
  'metadata: {name: freeze, namespace: pay}',
  'spec:',
  '  rules:',
  '  - {id: all, effect: forbid, from: {}, to: {}}',
];

describe('a bundle with lone carriage returns', () => {
  it('is refused, not read as one comment', () => {
    // A document that is not seen is not checked either: with `kind: Nonsense` nothing is told.
    const text = FORBID.join('\r').replace('kind: Policy', 'kind: Nonsense');
    assert.notDeepEqual(told(text), []);
  });
});
