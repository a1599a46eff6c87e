// C-092 C-060: what sensitive data asks of a token. Whoever finds one in a CI tool, a container or
// a script has a bearer token, and that reaches no more than what is internal; the same claims
// bound to a key reach further, while the credential is short-lived.

import assert from 'node:assert/strict';
import type { Settings } from '../../engine/settings.ts';
import {
  type Ask,
  answerTo,
  CHECKOUT,
  type Document,
  identity,
  verdictOn,
} from '../engine/fixture.ts';
import {
  ALLOW,
  accessToken,
  bearer,
  boundToken,
  byDpop,
  dpopProof,
  issuer,
  mesh,
  NOW,
  ORIGIN,
  rule,
  S,
} from './token_fixture.ts';

const HOUR_S = 3600;
const HOUR_MS = 3_600_000;
const LONG_LIVED = issuer({ maxLifetime: undefined });

const app = (spec: Document = {}): Document => ({
  kind: 'Identity',
  metadata: { name: 'app' },
  spec: { issuer: 'ci', subject: 'repo:acme/app', ...spec },
});

function serving(
  dataClass: string,
  lifetimes: Partial<Settings['lifetimes']> = {},
  about: Document = {},
) {
  const spec = { origin: ORIGIN, read: { dataClass } };
  const all = { kinds: {}, classes: { restricted: 24 * HOUR_MS }, ...lifetimes };
  const rules = [ALLOW, rule('checkout', { from: { principals: [CHECKOUT] } })];
  const documents = [LONG_LIVED, app(about), identity(CHECKOUT, about)];
  return mesh(documents, rules, spec, { lifetimes: all });
}

describe('C-092: the same claims, as whoever finds the token and as whoever holds its key', () => {
  for (const [dataClass, asBearer, byKey] of [
    ['public', 'allow', 'allow'],
    ['internal', 'allow', 'allow'],
    ['confidential', 'authn.assurance', 'allow'],
    ['restricted', 'authn.assurance', 'allow'],
  ] as const) {
    it(`reach what is ${dataClass}: ${asBearer}, and ${byKey}`, () => {
      const snapshot = serving(dataClass);
      const found = verdictOn(snapshot, bearer(accessToken()));
      const held = verdictOn(snapshot, byDpop());
      assert.equal(found.decision.reason ?? 'allow', asBearer);
      assert.equal(held.decision.reason ?? 'allow', byKey);
      assert.equal(found.principal?.id, held.principal?.id);
      assert.deepEqual([found.evidence.assurance, held.evidence.assurance], ['bearer', 'bound']);
    });
  }

  it('are nothing without the key, where the token is bound to one', () => {
    const snapshot = serving('confidential');
    const token = boundToken();
    assert.equal(answerTo(snapshot, bearer(token)), 'authn.binding');
    const seen: Ask = { caller: '', proof: { authorization: `DPoP ${token}` } };
    assert.equal(answerTo(snapshot, seen), 'authn.binding');
  });

  it('are nothing at all as a bearer token, where the Issuer wants a key', () => {
    const spec = { origin: ORIGIN };
    const snapshot = mesh([issuer({ bound: true }), app()], [ALLOW], spec);
    assert.equal(answerTo(snapshot, bearer(accessToken())), 'authn.binding');
    assert.equal(answerTo(snapshot, byDpop()), 'allow');
  });
});

/** Lives so long, and was issued a minute ago. */
const living = (seconds: number, claims: object = {}): Ask => {
  const token = boundToken({ iat: S - 60, exp: S - 60 + seconds, ...claims });
  return byDpop(token, dpopProof(token));
};

interface Case {
  readonly name: string;
  readonly lifetimes?: Partial<Settings['lifetimes']>;
  readonly about?: Document;
  readonly dataClass?: string;
  readonly ask: Ask;
  readonly want: string;
}

const EXCEEDED = 'authn.lifetime_exceeded';
const confidential12 = { classes: { confidential: 12 * HOUR_MS } };
const workload1 = { kinds: { workload: HOUR_MS } };

const cases: readonly Case[] = [
  {
    name: 'a day, on what is restricted',
    dataClass: 'restricted',
    ask: living(24 * HOUR_S),
    want: 'allow',
  },
  { name: 'a second more', dataClass: 'restricted', ask: living(24 * HOUR_S + 1), want: EXCEEDED },
  {
    name: 'a week, on what is confidential',
    dataClass: 'confidential',
    ask: living(168 * HOUR_S),
    want: 'allow',
  },
  {
    name: 'a day, where 12 h are said of the class',
    lifetimes: confidential12,
    dataClass: 'confidential',
    ask: living(24 * HOUR_S),
    want: EXCEEDED,
  },
  {
    name: '12 h there',
    lifetimes: confidential12,
    dataClass: 'confidential',
    ask: living(12 * HOUR_S),
    want: 'allow',
  },
  {
    name: 'a day, on another class than the one with 12 h',
    lifetimes: confidential12,
    ask: living(24 * HOUR_S),
    want: 'allow',
  },
  {
    name: 'an hour, where one is said of the kind',
    lifetimes: workload1,
    ask: living(HOUR_S),
    want: 'allow',
  },
  {
    name: 'a second more than the kind may',
    lifetimes: workload1,
    ask: living(HOUR_S + 1),
    want: EXCEEDED,
  },
  {
    name: 'a day, of another kind',
    lifetimes: workload1,
    about: { kind: 'human' },
    ask: living(24 * HOUR_S),
    want: 'allow',
  },
  {
    name: 'a day, of an Identity that may, and whose kind may not',
    lifetimes: workload1,
    about: { maxLifetime: '24h' },
    ask: living(24 * HOUR_S),
    want: EXCEEDED,
  },
  {
    name: 'half an hour, of an Identity that may less than its kind',
    lifetimes: workload1,
    about: { maxLifetime: '10m' },
    ask: living(HOUR_S / 2),
    want: EXCEEDED,
  },
  {
    name: 'nobody knows how long: an enforcer’s word, where its kind has a limit',
    lifetimes: workload1,
    ask: {},
    want: 'authn.assurance',
  },
  { name: 'nobody knows how long, where no limit is said', ask: {}, want: 'allow' },
  {
    name: 'nobody knows how long, where its class has a limit',
    lifetimes: confidential12,
    dataClass: 'confidential',
    ask: {},
    want: EXCEEDED,
  },
  {
    name: 'a day, of somebody unknown, who is of no kind',
    lifetimes: workload1,
    ask: living(24 * HOUR_S, { sub: 'other' }),
    want: 'authz.unknown_identity',
  },
  {
    name: 'nothing: nobody came',
    lifetimes: workload1,
    ask: { caller: '' },
    want: 'authz.no_match',
  },
];

describe('C-060: a credential that lives for', () => {
  for (const { name, lifetimes, about, dataClass = 'internal', ask, want } of cases) {
    it(`${name}: ${want}`, () => {
      assert.equal(answerTo(serving(dataClass, lifetimes, about), { now: NOW, ...ask }), want);
    });
  }
});
