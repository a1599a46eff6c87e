// A transaction token is of an Issuer whose `uses` hold `transaction`, and of no other that vouches
// for callers only.

import assert from 'node:assert/strict';
import { answerTo, verdictOn } from '../engine/fixture.ts';
import {
  ALLOW,
  accessToken,
  CI,
  ISSUER_KEY,
  issuer,
  jws,
  mesh,
  S,
} from '../identity/token_fixture.ts';

const TTS = 'https://tts.example';
const MESH = mesh([issuer(), CI, issuer({ issuer: TTS, uses: ['transaction'] }, 'tts')], [ALLOW]);

function beside(iss: string) {
  const claims = {
    ...{ iss, sub: 'alice', aud: 'prod.example', iat: S - 60, exp: S + 60 },
    ...{ txn: 't', scope: 's', req_wl: 'w' },
  };
  const head = { alg: 'ES256', kid: 'k', typ: 'txntoken+jwt' };
  const text = jws(head, claims, ISSUER_KEY.privateKey);
  return { caller: '', proof: { authorization: `Bearer ${accessToken()}`, 'txn-token': text } };
}

describe('a transaction token', () => {
  it('is of an Issuer that issues them', () => {
    assert.equal(answerTo(MESH, beside(TTS)), 'allow');
    assert.equal(verdictOn(MESH, beside(TTS)).evidence.others.length, 1);
    assert.equal(answerTo(MESH, beside('https://ci.example')), 'authn.untrusted_issuer');
  });
});
