// C-077: the keys that identities are handed on with, and what is said when something is amiss.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { parseConfig } from '../../server/config.ts';
import { HandOffKeys } from '../../server/hand_off_keys.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import { IdentitySigner } from '../../workers/identity_signer.ts';
import { SharedSigningKeys } from '../../workers/signing_keys.ts';
import { readResponse } from '../support/check_response.ts';
import { BUNDLE, encodeCall, IDS, makeSnapshot, SERVICE } from '../support/mesh.ts';
import { sentTo, verified } from './fixture.ts';

const NOW = Date.parse('2026-11-22T12:00:00.900Z');
const PLAN = { header: 'x-remit-identity', issuer: 'remit:mesh.example', lifetimeS: 60 };

describe('C-077: the keys of the hand-off', () => {
  let keys: HandOffKeys;
  beforeEach(() => {
    keys = new HandOffKeys();
  });
  afterEach(() => keys.stop());

  function evaluator(buffer = keys.buffer, bundle = BUNDLE): Evaluator {
    return new Evaluator(makeSnapshot(bundle), {
      now: () => NOW,
      onInternalError: () => undefined,
      handOff: new IdentitySigner({ ...PLAN, keys: buffer }),
    });
  }

  async function tokenOf(from: Evaluator, call = {}): Promise<string> {
    const { response } = await from.evaluate(encodeCall(call), { kind: 'local' });
    return sentTo(response).set.get(PLAN.header)!;
  }

  it('are named by their thumbprint (RFC 7638)', () => {
    const [{ kid, crv, kty, x, y }] = JSON.parse(keys.jwks).keys;
    assert.equal(kid, hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url'));
  });

  it('change while tokens of the last one are still verified', async () => {
    const signing = evaluator();
    const first = await tokenOf(signing);
    keys.rotate();
    const second = await tokenOf(signing);
    const kids = [first, second].map((it) => verified(it, keys.jwks).header['kid']);
    assert.equal(new Set(kids).size, 2);
    assert.deepEqual(
      JSON.parse(keys.jwks).keys.map((it: { kid: string }) => it.kid),
      kids.toReversed(),
    );
    keys.rotate();
    assert.throws(() => verified(first, keys.jwks), /its key is published/);
    verified(second, keys.jwks);
  });

  it('are one for all threads', async () => {
    const kids = [];
    for (const signing of [evaluator(), evaluator()]) {
      kids.push(verified(await tokenOf(signing), keys.jwks).header['kid']);
    }
    assert.equal(kids[0], kids[1]);
  });

  it('sign, or the request is denied: it never goes on without', async () => {
    const without = evaluator(new SharedSigningKeys().buffer);
    const { response } = await without.evaluate(encodeCall(), { kind: 'local' });
    assert.equal(readResponse(response).result, 'sys.internal');
  });

  it('are no others than of P-256', () => {
    const shared = new SharedSigningKeys();
    assert.throws(() => shared.put({ kty: 'EC', d: 'AA', x: 'AA', y: 'AA' }), /no key of P-256/);
    assert.equal(shared.version, 0);
  });

  it('sign for one destination, or for the service where it is not known which', async () => {
    const other = 'spiffe://mesh.example/ns/pay/sa/payments-2';
    const two = SERVICE.replace(
      `["${IDS.payments}"]`,
      `["${IDS.payments}", "${other}"]\n  hosts: [pay.example]`,
    );
    const signing = evaluator(keys.buffer, { ...BUNDLE, 'service.yaml': two });
    for (const to of [IDS.payments, other]) {
      assert.equal(verified(await tokenOf(signing, { to }), keys.jwks).claims['aud'], to);
    }
    const { answer } = await signing.evaluate(encodeCall(), { kind: 'local' });
    const signer = new IdentitySigner({ ...PLAN, keys: keys.buffer });
    const said = signer.headerFor(answer.verdict, '', 'id', NOW);
    assert.equal(verified(said!.token, keys.jwks).claims['aud'], 'pay/payments');
  });

  it('sign for no longer than the decision holds', async () => {
    const { answer } = await evaluator().evaluate(encodeCall(), { kind: 'local' });
    const signer = new IdentitySigner({ ...PLAN, keys: keys.buffer });
    for (const [validMs, want] of [
      [300_000, 60],
      [10_000, 10],
      [0, 1],
    ] as const) {
      const decision = { ...answer.verdict.decision, validUntil: NOW + validMs };
      const said = signer.headerFor({ ...answer.verdict, decision }, '', 'id', NOW);
      const { iat, exp } = verified(said!.token, keys.jwks).claims;
      assert.equal(Number(exp) - Number(iat), want);
    }
  });
});

describe('`handOff` in remit.yaml', () => {
  const parsed = (text: string) => {
    const diagnostics = new Diagnostics();
    const config = parseConfig('/x/remit.yaml', `policies: p\n${text}`, diagnostics);
    return { config, told: diagnostics.list.map(formatDiagnostic).join('\n') };
  };
  const domain = 'trustDomain: mesh.example';

  it('is off by default', () => assert.equal(parsed('').config?.handOff, undefined));

  it('has defaults', () => {
    assert.deepEqual(parsed(`${domain}\nhandOff: {audience: destination}`).config?.handOff, PLAN);
  });

  for (const [text, want] of [
    ['handOff: {}', /nobody is named who signs/],
    [`${domain}\nhandOff: {lifetime: 61s}`, /must be `1s` to `60s`/],
    [`${domain}\nhandOff: {lifetime: 2m}`, /must be `1s` to `60s`/],
    [`${domain}\nhandOff: {lifetime: 0s}`, /must be `1s` to `60s`/],
    [`${domain}\nhandOff: {header: authorization}`, /start with `x-remit-`/],
    [`${domain}\nhandOff: {header: X-Remit-Identity}`, /in lower case/],
    [`${domain}\nhandOff: {header: x-remit-principal}`, /no other header of ours/],
    [`${domain}\nhandOff: {header: x-remit-decision-id}`, /no other header of ours/],
    [`${domain}\nhandOff: {header: x-remit_who}`, /start with `x-remit-`/],
    [`${domain}\nhandOff: {audience: everybody}`, /audience/],
    [`${domain}\nhandOff: {issuer: "a b"}`, /printable/],
    [`${domain}\nhandOff: {key: x}`, /key/],
  ] as const) {
    it(`says so: ${text.split('\n').at(-1)}`, () => {
      const { config, told } = parsed(text);
      assert.equal(config, undefined);
      assert.match(told, want);
    });
  }
});
