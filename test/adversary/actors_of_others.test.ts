// An issuer vouches for its own subjects. Whom its token says that acts is believed of one of
// another issuer only where he shows himself (C-047, C-055).

import assert from 'node:assert/strict';
import { answerTo, CHECKOUT, type Document, identity } from '../engine/fixture.ts';
import { accessToken, bearer, issuer, mesh, rule } from '../identity/token_fixture.ts';

const BANK = 'https://bank.example';
const human = (name: string, of: string): Document => ({
  kind: 'Identity',
  metadata: { name },
  spec: { issuer: of, subject: name, kind: 'human' },
});
const rules = [
  rule('teller', { from: { principals: ['bank#teller'] } }),
  rule('alice', { from: { principals: ['ci#alice'] } }),
  rule('bot', { from: { principals: ['ci#bot'] } }),
];
const documents = [
  ...[issuer(), issuer({ issuer: BANK }, 'bank')],
  ...[human('teller', 'bank'), human('alice', 'ci'), human('bot', 'ci')],
];
const MESH = mesh(documents, rules);
const acting = (act: object) => bearer(accessToken({ claims: { sub: 'alice', act } }));

describe('a token by one issuer that a subject of another one acts', () => {
  it('makes nobody that subject', () => {
    assert.equal(answerTo(MESH, acting({ sub: 'bot' })), 'allow');
    assert.equal(answerTo(MESH, acting({ iss: BANK, sub: 'teller' })), 'authn.binding');
  });

  it('is believed of a workload that shows itself and is that subject', () => {
    const teller = identity(CHECKOUT, { issuer: 'bank', subject: 'teller' });
    const rest = documents.filter(
      ({ metadata }) => (metadata as { name: string }).name !== 'teller',
    );
    const shown = mesh(
      [...rest, teller],
      [...rules, rule('workload', { from: { principals: [CHECKOUT] } })],
    );
    const ask = { ...acting({ iss: BANK, sub: 'teller' }), caller: CHECKOUT };
    assert.equal(answerTo(shown, ask), 'allow');
  });
});
