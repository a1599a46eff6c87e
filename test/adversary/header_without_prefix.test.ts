// A header that an Issuer names for its tokens holds something else, beside a peer who is known:
// what was presented and is read by nobody is a credential that failed, and the peer does not stand
// in for it (C-010).

import assert from 'node:assert/strict';
import { answerTo, CHECKOUT, identity } from '../engine/fixture.ts';
import { accessToken, CI, issuer, mesh, rule } from '../identity/token_fixture.ts';

const PLACES = [{ header: 'x-token', prefix: 'Token' }];
const MESH = mesh(
  [
    issuer({ locations: [...PLACES, { header: 'authorization', prefix: 'Bearer' }] }),
    identity(CHECKOUT),
    CI,
  ],
  [rule('peer', { from: { principals: [CHECKOUT] } })],
);

const reasonOf = (value: string): string => {
  const ask = { caller: CHECKOUT, proof: { 'x-token': value } };
  return answerTo(MESH, ask);
};

describe('C-010: a header for tokens beside a known peer', () => {
  const rows: [name: string, value: string, want: string][] = [
    ['that is empty', '', 'allow'],
    ['with a token behind another prefix', `Bearer ${accessToken()}`, 'authn.untrusted_issuer'],
    ['with a token behind no prefix', accessToken(), 'authn.untrusted_issuer'],
    ['with the prefix in another case', `token ${accessToken()}`, 'authn.untrusted_issuer'],
    ['with a prefix alone', 'Token ', 'authn.untrusted_issuer'],
    ['with any other text', 'hello', 'authn.untrusted_issuer'],
    ['with a token of another identity', `Token ${accessToken()}`, 'authn.identity_conflict'],
  ];
  for (const [name, value, want] of rows) {
    it(`${name}: ${want}`, () => assert.equal(reasonOf(value), want));
  }
});
