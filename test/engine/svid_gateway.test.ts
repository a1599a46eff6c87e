// The certificate of a proxy proves the proxy (C-091): verified or not, a gateway is permitted only
// by rules that name its kind, and never passes for the workload behind it.

import assert from 'node:assert/strict';
import { makeAuthority, makeSvid, pemOf, sentForm } from '../support/certificates.ts';
import {
  answerTo,
  CHECKOUT,
  enforcer,
  identity,
  issuer,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
} from './fixture.ts';

const EDGE = `spiffe://${TRUST_DOMAIN}/ns/edge/sa/ingress`;
const certificate = sentForm(makeSvid(EDGE, 'root'));

function answer(from: object, caller: string): string {
  const documents = [
    service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
    policy('p', [{ id: 'a', effect: 'permit', from, to: {} }]),
    identity(EDGE, { kind: 'gateway' }),
    identity(CHECKOUT),
    issuer(),
    enforcer('e', {
      type: 'gateway',
      local: true,
      asserts: { peer: ['principal', 'certificate'], destinations: ['*'] },
    }),
  ];
  const keyFiles = new Map([['root.pem', pemOf(makeAuthority('root'))]]);
  return answerTo(snapshotOf(documents, {}, keyFiles), { caller, certificate });
}

describe('C-091: the certificate of a gateway', () => {
  const cases: [name: string, from: object, caller: string, want: string][] = [
    [
      'does not reach what its whole domain may',
      { trustDomains: [TRUST_DOMAIN] },
      EDGE,
      'authz.no_match',
    ],
    [
      'does not reach what is permitted to its own ID',
      { principals: [EDGE] },
      EDGE,
      'authz.no_match',
    ],
    [
      'reaches what is permitted to gateways',
      { principals: [EDGE], kinds: ['gateway'] },
      EDGE,
      'allow',
    ],
    [
      'never stands for the workload behind it',
      { principals: [CHECKOUT] },
      CHECKOUT,
      'authn.identity_conflict',
    ],
  ];
  for (const [name, from, caller, want] of cases) {
    it(`${name}: ${want}`, () => assert.equal(answer(from, caller), want));
  }
});
