// From the bytes of a CheckRequest to a caller that a proxy passes on (C-011): headers and metadata
// are read where an enforcer may assert them, and nowhere else.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { NO_FACTS } from '../../engine/facts.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import { checkEnvoy } from '../../envoy/check.ts';
import {
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { CheckRequest } from '../fuzz/official_messages.ts';

const EDGE = 'spiffe://prod.example/ns/edge/sa/gateway';
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const JWKS = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] });

const IDP: Document = {
  kind: 'Issuer',
  metadata: { name: 'idp' },
  spec: {
    jwt: { issuer: 'https://idp.example', jwks: { file: 'keys.json' }, audiences: ['remit'] },
  },
};
const ALICE: Document = {
  kind: 'Identity',
  metadata: { name: 'alice' },
  spec: { issuer: 'idp', subject: 'alice' },
};

function mesh(peer: readonly string[]) {
  const asserts = { peer, destinations: ['*'] };
  const from = { principals: [CHECKOUT, 'idp#alice'] };
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
      policy('p', [{ id: 'a', effect: 'permit', from, to: {} }]),
      ...[identity(CHECKOUT), IDP, ALICE],
      enforcer('edge', { type: 'gateway', identities: [EDGE], asserts }),
    ],
    {},
    new Map([['keys.json', JWKS]]),
  );
}

function answerTo(peer: readonly string[], more: object, asker: Asker): string {
  const message = { attributes: { destination: { principal: PAYMENTS }, ...more } };
  const bytes = Buffer.from(CheckRequest.encode(CheckRequest.fromObject(message)).finish());
  const step = checkEnvoy(bytes, asker, mesh(peer), NO_FACTS, NOW);
  assert.ok(step.kind === 'answer');
  return step.answer.verdict.decision.reason ?? 'allow';
}

const edge: Asker = { kind: 'peer', id: EDGE };
const http = (headers: object) => ({ request: { http: { method: 'GET', path: '/a', headers } } });
const xfcc = http({ 'X-Forwarded-Client-Cert': `By=${EDGE};URI=${CHECKOUT}` });
const S = NOW / 1000;
const claims = {
  ...{ iss: 'https://idp.example', sub: 'alice', aud: 'remit' },
  ...{ client_id: 'c', jti: 'j', iat: S - 60, exp: S + 600 },
};
const fields = Object.fromEntries(
  Object.entries(claims).map(([name, value]) => {
    return [name, typeof value === 'number' ? { numberValue: value } : { stringValue: value }];
  }),
);
const metadata = {
  ...http({}),
  metadata_context: {
    filter_metadata: {
      'envoy.filters.http.jwt_authn': { fields: { payload: { structValue: { fields } } } },
    },
  },
};

describe('a CheckRequest of a caller that a proxy passes on', () => {
  const cases: readonly [name: string, peer: readonly string[], more: object, want: string][] = [
    ['XFCC', ['xfcc'], xfcc, 'allow'],
    ['XFCC that may not be asserted', ['metadata'], xfcc, 'authn.missing'],
    ['metadata', ['metadata'], metadata, 'allow'],
    ['metadata that may not be asserted', ['xfcc', 'principal'], metadata, 'authn.missing'],
  ];
  for (const [name, peer, more, want] of cases) {
    it(`is answered: ${name}`, () => assert.equal(answerTo(peer, more, edge), want));
  }

  it('is answered offline, but for XFCC, which is by somebody', () => {
    assert.equal(answerTo([], metadata, { kind: 'everything' }), 'allow');
    assert.equal(answerTo(['xfcc'], xfcc, { kind: 'everything' }), 'authz.no_match');
    assert.equal(answerTo(['xfcc'], xfcc, { kind: 'named', enforcer: 'edge' }), 'allow');
  });
});
