// C-010: what was proved with keys that are no longer in force proves nothing, though it was kept;
// and what another version of the same keys proves is proved anew.

import assert from 'node:assert/strict';
import { openKeys, packKeys } from '../../engine/key_image.ts';
import type { KeySets } from '../../engine/key_sets.ts';
import { parseKeys } from '../../workers/key_parser.ts';
import {
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  TRUST_DOMAIN,
} from '../engine/fixture.ts';
import { keysOf, makeAuthority, makeSvid, pemOf, sentForm } from '../support/certificates.ts';
import { bearer, jwk, jws, mesh, NOW, OTHER_KEY, rule, S } from './token_fixture.ts';

const vouching = (name: string, spec: Document): Document => ({
  kind: 'Issuer',
  metadata: { name },
  spec,
});
const common = { trustDomain: TRUST_DOMAIN, workloadApi: true };
const meshFor = (audience: string, maxLifetime: string) =>
  mesh(
    [
      vouching('certificates', { x509: { ...common, maxLifetime } }),
      vouching('tokens', { jwtSvid: { ...common, audiences: [audience] } }),
      identity(CHECKOUT),
      enforcer('gateway', {
        type: 'gateway',
        local: true,
        asserts: { peer: ['principal', 'certificate', 'anonymous'], destinations: ['*'] },
      }),
    ],
    [rule('peer', { from: { principals: [CHECKOUT] } })],
  );
const MESH = meshFor('remit', '24h');
const STRICTER = meshFor('other', '5m');

const signedBy = (authority: string) => ({
  signedBy: keysOf(authority),
  notBefore: NOW - 60_000,
  notAfter: NOW + 3_600_000,
});
const certificateAsk = {
  caller: '',
  certificate: sentForm(makeSvid(CHECKOUT, 'root', signedBy('root'))),
};
const tokenAsk = bearer(
  jws(
    { alg: 'ES256', kid: 'k', typ: 'JWT' },
    { sub: CHECKOUT, aud: 'remit', exp: S + 60 },
    OTHER_KEY.privateKey,
  ),
);

/** Of the one trust domain; without them it has bundles that hold no key. */
function keysOfVersion(version: number, holds: boolean): KeySets {
  const jwks = { keys: holds ? [jwk(OTHER_KEY.publicKey, { kid: 'k' })] : [] };
  const common = { owner: TRUST_DOMAIN, origin: '', state: 'fresh', sinceMs: 0 } as const;
  const text = holds ? pemOf(makeAuthority('root')) : '';
  const sets = [
    { ...common, kind: 'x509_bundle' as const, text },
    { ...common, kind: 'jwt_bundle' as const, text: JSON.stringify(jwks) },
  ];
  return openKeys(packKeys(version, sets), parseKeys);
}

describe('C-010: of keys that come from the Workload API', () => {
  const shown = [
    ['a certificate', certificateAsk],
    ['a JWT-SVID', tokenAsk],
  ] as const;
  const refused = 'authn.untrusted_issuer';
  for (const [name, ask] of shown) {
    it(`each version judges ${name} by itself, whatever was kept`, () => {
      const verified = new Map();
      const answers = [true, false, true, false, false].map((holds, version) =>
        answerTo(MESH, { ...ask, keys: keysOfVersion(version + 1, holds), verified }),
      );
      assert.deepEqual(answers, ['allow', refused, 'allow', refused, refused]);
      assert.equal(verified.size, 5, 'one result for each version');
    });
  }

  for (const [name, ask] of shown) {
    it(`another bundle judges ${name} by itself, by the same keys`, () => {
      const verified = new Map();
      const keys = keysOfVersion(8, true);
      const answers = [MESH, STRICTER, MESH].map((it) => answerTo(it, { ...ask, keys, verified }));
      assert.deepEqual([answers[0], answers[2]], ['allow', 'allow']);
      assert.notEqual(answers[1], 'allow');
      assert.equal(verified.size, 2, 'one result for each bundle');
    });
  }

  it('one version verifies the same evidence once', () => {
    const verified = new Map();
    const keys = keysOfVersion(9, true);
    for (const [, ask] of shown) {
      for (let time = 0; time < 3; time++) {
        assert.equal(answerTo(MESH, { ...ask, keys, verified }), 'allow');
      }
    }
    assert.equal(verified.size, shown.length);
  });
});
