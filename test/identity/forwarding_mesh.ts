// A mesh whose enforcers pass callers on, for the tests of XFCC and `Client-Cert`.

import { hash } from 'node:crypto';
import {
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  issuer,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { HOUR_MS, makeAuthority, makeSvid, NOW, pemOf } from '../support/certificates.ts';

export const EDGE = 'spiffe://prod.example/ns/edge/sa/gateway';
export const OTHER_PROXY = 'spiffe://prod.example/ns/edge/sa/other';
export const BALANCER = 'spiffe://prod.example/ns/edge/sa/balancer';

const FILES = new Map([['root.pem', pemOf(makeAuthority('root'))]]);
export const leaf = (id: string) =>
  makeSvid(id, 'root', { notBefore: NOW - HOUR_MS, notAfter: NOW + HOUR_MS });
export const CERT = leaf(CHECKOUT);
export const UNDER = makeAuthority('between', { issuer: 'root' });
export const BEHIND = makeSvid(CHECKOUT, 'between', {
  notBefore: NOW - HOUR_MS,
  notAfter: NOW + HOUR_MS,
});
export const STRANGER = makeSvid(CHECKOUT, 'nobody', { notBefore: NOW, notAfter: NOW + HOUR_MS });
export const digest = (der: Buffer) => hash('sha256', der, 'hex');

export function mesh(peer: readonly string[], documents: readonly Document[] = [issuer()]) {
  const asserts = { peer, destinations: ['*'] };
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
      policy('p', [{ id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} }]),
      ...[identity(CHECKOUT), identity(REPORTS), identity(BALANCER, { kind: 'gateway' })],
      enforcer('edge', { type: 'gateway', identities: [EDGE], asserts }),
      enforcer('other', {
        type: 'gateway',
        identities: [OTHER_PROXY],
        asserts: { ...asserts, peer: [] },
      }),
      enforcer('here', { type: 'gateway', local: true, asserts }),
      ...documents,
    ],
    {},
    FILES,
  );
}

export const byEdge = { asker: { kind: 'peer', id: EDGE }, caller: '' } as const;
