// C-031: what is sensitive is reached by a workload identity, shown by a short-lived credential and
// permitted by a rule for the action: all three, and none of them stands in for another.

import assert from 'node:assert/strict';
import {
  HOUR_MS,
  keysOf,
  makeAuthority,
  makeSvid,
  pemOf,
  sentForm,
} from '../support/certificates.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  enforcer,
  identity,
  issuer,
  NOW,
  PAYMENTS,
  policy,
  REPORTS,
  service,
  snapshotOf,
} from './fixture.ts';

const KEY_FILES = new Map([['root.pem', pemOf(makeAuthority('root'))]]);
const LOCAL = enforcer('gateway', {
  ...{ type: 'gateway', local: true },
  asserts: { peer: ['principal', 'certificate', 'anonymous'], destinations: ['*'] },
});
const READER: Document = {
  kind: 'Role',
  metadata: { name: 'reader', namespace: 'pay' },
  spec: { covers: [{ services: ['payments'], operations: ['read'] }] },
};

const permit = (from: Document, operation = 'read'): Document => {
  return {
    id: 'a',
    effect: 'permit',
    from,
    to: { services: ['payments'], operations: [operation] },
  };
};

/** Of what one who has all three shows and is permitted. */
interface Shown {
  readonly known?: boolean;
  readonly ask?: Ask;
  readonly rules?: readonly Document[];
}

function certificate(hours: number, id = CHECKOUT): string {
  const notBefore = NOW - 600_000;
  const notAfter = notBefore + hours * HOUR_MS;
  return sentForm(makeSvid(id, 'root', { signedBy: keysOf('root'), notBefore, notAfter }));
}
const SHORT = certificate(1);
const LONG = certificate(25);
const SPECIFIC = permit({ principals: [CHECKOUT] });

function answer(dataClass: string, { known = true, ask, rules = [SPECIFIC] }: Shown): string {
  const operations = { read: { http: 'GET /a', dataClass }, other: { http: 'GET /b', dataClass } };
  const documents = [
    service('payments', { destinations: [PAYMENTS], operations }),
    policy('p', rules),
    ...(known ? [identity(CHECKOUT, { roles: ['pay/reader'] })] : []),
    identity(REPORTS),
    LOCAL,
    READER,
    issuer({ maxLifetime: undefined }),
  ];
  const classes = { confidential: 24 * HOUR_MS, restricted: 24 * HOUR_MS };
  const settings = { lifetimes: { kinds: {}, classes } };
  return answerTo(snapshotOf(documents, settings, KEY_FILES), ask ?? { certificate: SHORT });
}

const dropped: [name: string, shown: Shown, want: string][] = [
  ['no identity at all', { ask: { caller: '' } }, 'authn.assurance'],
  ['an identity that no inventory has', { known: false }, 'authz.unknown_identity'],
  [
    'another workload’s certificate',
    { ask: { caller: '', certificate: certificate(1, REPORTS) } },
    'authz.no_match',
  ],
  ['a certificate of 25 hours', { ask: { certificate: LONG } }, 'authn.lifetime_exceeded'],
  ['no rule', { rules: [permit({ principals: [REPORTS] })] }, 'authz.no_match'],
  [
    'a rule for another action',
    { rules: [permit({ principals: [CHECKOUT] }, 'other')] },
    'authz.verb',
  ],
  ['a rule for a role alone', { rules: [permit({ roles: ['pay/reader'] })] }, 'authz.coarse_only'],
];

describe('C-031: sensitive data', () => {
  for (const dataClass of ['confidential', 'restricted']) {
    it(`that is ${dataClass} is reached with all three`, () => {
      assert.equal(answer(dataClass, {}), 'allow');
    });

    for (const [name, shown, want] of dropped) {
      it(`that is ${dataClass} is not reached with ${name}: ${want}`, () => {
        assert.equal(answer(dataClass, shown), want);
      });
    }
  }

  it('asks for more than what is internal, which the same reach without', () => {
    const loose = { ask: { certificate: LONG }, rules: [permit({ roles: ['pay/reader'] })] };
    assert.equal(answer('internal', loose), 'allow');
    assert.equal(answer('confidential', loose), 'authn.lifetime_exceeded');
  });
});
