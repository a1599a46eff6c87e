// A certificate that comes along is verified itself (DESIGN 5.8, C-110): what its enforcer may say
// of it, what happens beside a principal, and what the proof is good for.

import assert from 'node:assert/strict';
import type { Evidence } from '../../engine/evidence.ts';
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
  TRUST_DOMAIN,
  verdictOn,
} from './fixture.ts';

const operations = {
  read: { http: 'GET /a', dataClass: 'confidential' },
  secret: { http: 'GET /secret', dataClass: 'restricted' },
  open: { http: 'GET /open' },
};
const rules = [
  {
    id: 'all',
    effect: 'permit',
    from: { trustDomains: [TRUST_DOMAIN, 'partner.example'] },
    to: {},
  },
  { id: 'none', effect: 'permit', from: { anonymous: true }, to: {} },
];
const PARTNER = 'spiffe://partner.example/ns/a/sa/b';
const KEY_FILES = new Map([['root.pem', pemOf(makeAuthority('root'))]]);

function mesh(peer: readonly string[], documents: readonly Document[] = [issuer()]) {
  const local = { type: 'gateway', local: true, asserts: { peer, destinations: ['*'] } };
  return snapshotOf(
    [
      service('payments', { destinations: [PAYMENTS], operations }),
      policy('p', rules),
      ...[CHECKOUT, REPORTS, PARTNER].map((id) => identity(id)),
      enforcer('gateway', local),
      ...documents,
    ],
    {},
    KEY_FILES,
  );
}

const svid = (id: string, hours = 1, signer = 'root'): string => {
  const notBefore = NOW - 600_000;
  const notAfter = notBefore + hours * HOUR_MS;
  return sentForm(makeSvid(id, 'root', { signedBy: keysOf(signer), notBefore, notAfter }));
};
const GOOD = svid(CHECKOUT);
const FORGED = svid(CHECKOUT, 1, 'impostor');
const EXPIRED = sentForm(makeSvid(CHECKOUT, 'root', { notAfter: NOW - 1000 }));
const FUTURE = sentForm(makeSvid(CHECKOUT, 'root', { notBefore: NOW + 1000 }));
const LONG = svid(CHECKOUT, 25);
const DAY = svid(CHECKOUT, 24);
const BOTH = ['principal', 'certificate'];

interface Row {
  readonly name: string;
  readonly peer: readonly string[];
  readonly ask: Ask;
  readonly want: string;
  /** Default svid where it is verified. */
  readonly assurance?: Evidence['assurance'];
  readonly ignored?: number;
}

const rows: Row[] = [
  {
    name: 'certificate and principal that agree',
    peer: BOTH,
    ask: { certificate: GOOD },
    want: 'verified',
  },
  {
    name: 'a certificate alone',
    peer: BOTH,
    ask: { caller: '', certificate: GOOD },
    want: 'verified',
  },
  { name: 'a principal alone', peer: BOTH, ask: {}, want: 'verified', assurance: 'asserted' },
  {
    name: 'another principal',
    peer: BOTH,
    ask: { caller: REPORTS, certificate: GOOD },
    want: 'authn.identity_conflict',
  },
  {
    name: 'a principal that is no SPIFFE ID',
    peer: BOTH,
    ask: { caller: 'CN=a', certificate: GOOD },
    want: 'authn.identity_conflict',
  },
  {
    name: 'another principal, which may not be asserted',
    peer: ['certificate'],
    ask: { caller: REPORTS, certificate: GOOD },
    want: 'verified',
    ignored: 1,
  },
  {
    name: 'a forged certificate',
    peer: BOTH,
    ask: { caller: '', certificate: FORGED },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'a forged certificate beside a good principal',
    peer: BOTH,
    ask: { certificate: FORGED },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'an expired certificate',
    peer: BOTH,
    ask: { certificate: EXPIRED },
    want: 'authn.expired',
  },
  {
    name: 'a certificate of tomorrow',
    peer: BOTH,
    ask: { certificate: FUTURE },
    want: 'authn.not_yet_valid',
  },
  {
    name: 'something else for a certificate',
    peer: BOTH,
    ask: { certificate: 'x' },
    want: 'authn.invalid_identity',
  },
  {
    name: 'far too much for a certificate',
    peer: BOTH,
    ask: { certificate: 'A'.repeat(40_000) },
    want: 'authn.invalid_identity',
  },
  {
    name: 'a certificate of exactly the longest lifetime',
    peer: BOTH,
    ask: { certificate: DAY },
    want: 'verified',
  },
  {
    name: 'a certificate that lives too long',
    peer: BOTH,
    ask: { certificate: LONG },
    want: 'authn.lifetime_exceeded',
  },
  {
    name: 'a forged certificate that may not be asserted',
    peer: ['principal'],
    ask: { certificate: FORGED },
    want: 'verified',
    assurance: 'asserted',
    ignored: 2,
  },
  {
    name: 'a certificate that may not be asserted, alone',
    peer: ['principal', 'anonymous'],
    ask: { caller: '', certificate: GOOD },
    want: 'authn.missing',
    ignored: 2,
  },
  {
    name: 'both, and neither may be asserted',
    peer: ['anonymous'],
    ask: { certificate: GOOD },
    want: 'authn.missing',
    ignored: 3,
  },
  {
    name: 'nothing, where nobody may come',
    peer: [...BOTH, 'anonymous'],
    ask: { caller: '' },
    want: 'anonymous',
    assurance: 'none',
  },
  {
    name: 'nothing, where somebody has to',
    peer: BOTH,
    ask: { caller: '' },
    want: 'authn.missing',
  },
  {
    name: 'a certificate of a domain without issuer, although its principal is believed',
    peer: BOTH,
    ask: { caller: PARTNER, certificate: svid(PARTNER) },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'the principal of a domain without issuer',
    peer: BOTH,
    ask: { caller: PARTNER },
    want: 'verified',
    assurance: 'asserted',
  },
  {
    name: 'an Authorization header beside it',
    peer: BOTH,
    ask: { certificate: GOOD, authorization: true },
    want: 'authn.untrusted_issuer',
  },
];

describe('C-110 C-010: whoever presents', () => {
  for (const { name, peer, ask, want, assurance, ignored = 0 } of rows) {
    it(`${name} (${peer.join(' and ')} may be asserted): ${want}`, () => {
      const { evidence, principal } = verdictOn(mesh(peer), ask);
      const { reason, result } = evidence;
      assert.equal(reason ?? result, want);
      assert.equal(principal === undefined, result === 'failed', 'a principal exactly if proved');
      const proved = assurance ?? (result === 'verified' ? 'svid' : 'none');
      assert.equal(evidence.assurance, proved);
      assert.equal(principal?.assurance ?? 'none', proved);
      assert.equal(evidence.ignored, ignored);
      assert.equal(evidence.svid !== undefined && result === 'verified', proved === 'svid');
    });
  }

  it('a certificate where no issuer verifies any: the enforcer\u2019s word counts, as before', () => {
    const ask = { certificate: '' };
    assert.equal(verdictOn(mesh(BOTH, []), ask).evidence.assurance, 'asserted');
  });

  it('a certificate of a domain that only an issuer names is proved, and unknown', () => {
    const documents = [issuer({ trustDomain: 'third.example' })];
    const id = 'spiffe://third.example/ns/a/sa/b';
    const ask = { caller: id, certificate: svid(id) };
    const { evidence, decision } = verdictOn(mesh(BOTH, documents), { ...ask, http: 'GET /open' });
    assert.equal(evidence.assurance, 'svid');
    assert.equal(decision.reason, 'authz.unknown_identity');
  });
});

describe('a proof that was verified', () => {
  it('is looked at again each time: it expires where it is kept', () => {
    const snapshot = mesh(BOTH);
    const ask = { certificate: GOOD };
    const until = NOW - 600_000 + HOUR_MS;
    assert.equal(answerTo(snapshot, { ...ask, now: until }), 'allow');
    assert.equal(answerTo(snapshot, { ...ask, now: until + 1 }), 'authn.expired');
    assert.equal(answerTo(snapshot, { ...ask, now: NOW - 600_001 }), 'authn.not_yet_valid');
  });

  it('holds for the issuer it was verified with and no other', () => {
    const other = issuer({ maxLifetime: '30m' });
    assert.equal(answerTo(mesh(BOTH), { certificate: GOOD }), 'allow');
    assert.equal(answerTo(mesh(BOTH, [other]), { certificate: GOOD }), 'authn.lifetime_exceeded');
    assert.equal(answerTo(mesh(BOTH), { certificate: GOOD }), 'allow');
  });

  it('makes one principal for all its requests', () => {
    const snapshot = mesh(BOTH);
    const [one, other] = [1, 2].map(() => verdictOn(snapshot, { certificate: GOOD }).principal);
    assert.equal(one, other);
    assert.notEqual(one, verdictOn(snapshot, {}).principal);
  });
});

describe('C-091: restricted data', () => {
  const cases: [name: string, ask: Ask, want: string][] = [
    ['a certificate of a day', { certificate: DAY }, 'allow'],
    ['a certificate of an hour', { certificate: GOOD }, 'allow'],
    ['a certificate that lives longer', { certificate: LONG }, 'authn.lifetime_exceeded'],
    ['the word of an enforcer', {}, 'authn.assurance'],
    ['nobody', { caller: '' }, 'authn.assurance'],
  ];
  for (const [name, ask, want] of cases) {
    it(`is reached by ${name}: ${want}`, () => {
      // Without a limit of the issuer, so that the class alone sets one.
      const snapshot = mesh([...BOTH, 'anonymous'], [issuer({ maxLifetime: undefined })]);
      assert.equal(answerTo(snapshot, { ...ask, http: 'GET /secret' }), want);
      if (ask.certificate === LONG) assert.equal(answerTo(snapshot, ask), 'allow', 'elsewhere');
    });
  }
});
