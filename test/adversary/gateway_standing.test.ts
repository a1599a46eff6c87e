// What a gateway passes on is another's: its own certificate stands for itself alone, and only
// while its Identity does (C-012, C-047).

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  verdictOn,
  issuer as x509Issuer,
} from '../engine/fixture.ts';
import { accessToken, CI, issuer, JWKS, rule } from '../identity/token_fixture.ts';
import { HOUR_MS, makeAuthority, makeSvid, NOW, pemOf, sentForm } from '../support/certificates.ts';

const BALANCER = 'spiffe://prod.example/ns/edge/sa/balancer';
const ENDED = '2026-11-22T11:59:59Z';
const leaf = (id: string) =>
  makeSvid(id, 'root', { notBefore: NOW - HOUR_MS, notAfter: NOW + HOUR_MS });
const OF_BALANCER = leaf(BALANCER);
const OF_CHECKOUT = leaf(CHECKOUT);

function meshOf(gateway: Document, more: readonly Document[] = [CI]) {
  const peer = ['principal', 'certificate', 'clientCert', 'anonymous'];
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
      policy('p', [
        rule('ci', { from: { principals: ['ci#repo:acme/app'] } }),
        rule('checkout', { from: { principals: [CHECKOUT] } }),
      ]),
      enforcer('gateway', { type: 'gateway', local: true, asserts: { peer, destinations: ['*'] } }),
      ...[x509Issuer(), issuer(), identity(BALANCER, { kind: 'gateway', ...gateway })],
      ...[identity(CHECKOUT), ...more],
    ],
    {},
    new Map([
      ['root.pem', pemOf(makeAuthority('root'))],
      ['keys.json', JWKS],
    ]),
  );
}

const boundTo = (der: Buffer) =>
  accessToken({
    claims: { cnf: { 'x5t#S256': createHash('sha256').update(der).digest('base64url') } },
  });
const field = (der: Buffer) => `:${der.toString('base64')}:`;
const through = (proof: Record<string, string>): Ask => ({
  ...{ caller: BALANCER, certificate: sentForm(OF_BALANCER), proof },
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a gateway', () => {
  const MESH = meshOf({});

  it('does not prove the binding of a token that its client sends', () => {
    const token = boundTo(OF_BALANCER);
    assert.equal(answerTo(MESH, through(bearer(token))), 'authn.binding');
    const behind = { ...bearer(boundTo(OF_CHECKOUT)), 'client-cert': field(OF_CHECKOUT) };
    assert.equal(answerTo(MESH, through(behind)), 'authn.identity_conflict');
  });

  it('passes on nobody once its Identity has ended', () => {
    const certified = through({ 'client-cert': field(OF_CHECKOUT) });
    const tokened = through(bearer(accessToken()));
    for (const ask of [certified, tokened]) {
      assert.equal(answerTo(MESH, ask), 'allow');
      assert.equal(answerTo(meshOf({ expiresAt: ENDED }), ask), 'authn.identity_conflict');
      // Decided for no longer than it is a gateway.
      const ending = verdictOn(meshOf({ expiresAt: '2026-11-22T12:01:00Z' }), ask);
      assert.equal(ending.decision.validUntil, NOW + 60_000);
    }
  });
});

describe('a workload beside an identity that several share', () => {
  it('is nobody when its Identity has expired', () => {
    const shared = { ...CI, spec: { ...(CI['spec'] as object), kind: 'workload', shared: true } };
    const spec = { kind: 'workload', expiresAt: ENDED };
    const ask = through(bearer(accessToken()));
    assert.equal(answerTo(meshOf({ kind: 'workload' }, [shared]), ask), 'allow');
    assert.equal(answerTo(meshOf(spec, [shared]), ask), 'authn.identity_conflict');
  });
});

describe('a decision on a certificate', () => {
  it('holds no longer than those above it', () => {
    const between = makeAuthority('between', { issuer: 'root', notAfter: NOW + 60_000 });
    const own = makeSvid(CHECKOUT, 'between', {
      notBefore: NOW - HOUR_MS,
      notAfter: NOW + HOUR_MS,
    });
    const proof = { 'client-cert': field(own), 'client-cert-chain': field(between) };
    const ask = { caller: '', proof };
    const { decision } = verdictOn(meshOf({}), ask);
    assert.deepEqual([decision.outcome, decision.validUntil], ['allow', NOW + 60_000]);
    assert.equal(answerTo(meshOf({}), { ...ask, now: NOW + 60_000 }), 'allow');
    assert.equal(answerTo(meshOf({}), { ...ask, now: NOW + 61_000 }), 'authn.expired');
  });
});
