// C-077 C-087: the signed identity that an upstream gets, through `serve` on its real ports.

import assert from 'node:assert/strict';
import { useFolder } from '../support/folder.ts';
import { BUNDLE, type Call, encodeCall, IDS } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { sentTo, verified } from './fixture.ts';

const HEADER = 'x-remit-identity';
const JWKS = '/.well-known/remit/jwks.json';
const FORGED = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.';

/** Of a request that costs so much that a worker of the pool decides it. */
const LARGE: Call = { body: 'x'.repeat(300_000) };

function startWith(folder: ReturnType<typeof useFolder>, keys: string, bundle = BUNDLE) {
  const config = `threads: {pool: 1}\ntrustDomain: mesh.example\n${RECORD_FILES}\n${keys}`;
  return startServer(folder, { config, bundle });
}

describe('C-077: who was allowed, signed for the upstream', () => {
  const folder = useFolder();
  let server: TestServer;
  before(async () => {
    server = await startWith(folder, 'handOff: {}');
  });
  after(() => server.stop());

  const send = async (call: Call = {}) => sentTo(await server.client.send(encodeCall(call)));
  const jwks = async () => (await server.get(JWKS)).text;

  for (const [name, call] of [
    ['in place', {}],
    ['on the pool', LARGE],
  ] as const) {
    it(`is verified with the published key: decided ${name}`, async () => {
      const before = Math.floor(Date.now() / 1000);
      const { set } = await send(call);
      const { header, claims } = verified(set.get(HEADER)!, await jwks());
      assert.deepEqual(
        { ...header, kid: undefined },
        { alg: 'ES256', typ: 'remit-identity+jwt', kid: undefined },
      );
      const { iat, exp, ...rest } = claims;
      assert.deepEqual(rest, {
        iss: 'remit:mesh.example',
        sub: IDS.checkout,
        aud: IDS.payments,
        jti: set.get('x-remit-decision-id'),
        assurance: 'asserted',
        operation: 'pay/payments/account.read',
      });
      assert.ok(Number(iat) >= before && Number(iat) <= Date.now() / 1000);
      assert.equal(Number(exp) - Number(iat), 60);
    });
  }

  it('is another one each time', async () => {
    const [first, second] = [await send(), await send()];
    assert.notEqual(first.set.get(HEADER), second.set.get(HEADER));
  });

  it('replaces the client’s own, in any spelling', async () => {
    const headers = { [HEADER]: FORGED, x_remit_identity: FORGED, 'x-remit_identity': FORGED };
    const { set, removed } = await send({ headers });
    assert.equal(verified(set.get(HEADER)!, await jwks()).claims['sub'], IDS.checkout);
    for (const name of ['x_remit_identity', 'x-remit_identity']) {
      assert.ok(removed.includes(name), name);
    }
  });

  it('is not in a denial', async () => {
    const answer = await server.client.check(encodeCall({ from: IDS.reporting }));
    assert.equal(answer.allowed, false);
    assert.equal(answer.headers[HEADER], undefined);
  });

  it('comes with public keys and nothing else', async () => {
    const { status, text } = await server.get(JWKS);
    assert.equal(status, 200);
    const { keys } = JSON.parse(text) as { keys: object[] };
    assert.equal(keys.length, 1);
    assert.deepEqual(Object.keys(keys[0]!).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});

describe('C-077: the hand-off', () => {
  const folder = useFolder();

  async function answered(keys: string, call: Call, bundle = BUNDLE) {
    const server = await startWith(folder, keys, bundle);
    try {
      const sent = sentTo(await server.client.send(encodeCall(call)));
      return { ...sent, jwks: await server.get(JWKS) };
    } finally {
      await server.stop();
    }
  }

  it('is off by default: the client’s own is removed, and there are no keys', async () => {
    const headers = { [HEADER]: FORGED, x_remit_identity: FORGED };
    const { set, removed, jwks } = await answered('', { headers });
    assert.ok(!set.has(HEADER));
    assert.ok(removed.includes(HEADER) && removed.includes('x_remit_identity'));
    assert.equal(jwks.status, 404);
  });

  it('has the header, the issuer and the lifetime that are configured', async () => {
    const keys = 'handOff: {header: x-remit-who, issuer: "https://r.example", lifetime: 5s}';
    const headers = { 'x-remit-who': FORGED, x_remit_who: FORGED, [HEADER]: FORGED };
    const { set, removed, jwks } = await answered(keys, { headers });
    const { claims } = verified(set.get('x-remit-who')!, jwks.text);
    assert.equal(claims['iss'], 'https://r.example');
    assert.equal(Number(claims['exp']) - Number(claims['iat']), 5);
    assert.ok(removed.includes(HEADER) && removed.includes('x_remit_who'));
  });

  it('says nothing of nobody, and removes what the client says', async () => {
    const open = (text: string, from: string, to: string) => {
      assert.ok(text.includes(from));
      return text.replace(from, to);
    };
    const bundle = {
      ...BUNDLE,
      'enforcer.yaml': open(BUNDLE['enforcer.yaml']!, '[principal]', '[principal, anonymous]'),
      'policy.yaml': open(
        BUNDLE['policy.yaml']!,
        '  - {id: disputed',
        '  - {id: all, effect: permit, from: {anonymous: true}, to: {services: [payments]}}\n' +
          '  - {id: disputed',
      ),
    };
    for (const header of [HEADER, 'x-remit-who']) {
      const call = { from: '', headers: { [header]: FORGED } };
      const { set, removed } = await answered(`handOff: {header: ${header}}`, call, bundle);
      assert.ok(!set.has(header));
      assert.ok(removed.includes(header) && removed.includes(HEADER));
    }
  });
});
