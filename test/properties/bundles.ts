// Random bundles around a fixed set of callers, for requests that show credentials: one service
// whose operations differ in class, scopes and needs, and rules by every way to name a caller.

import type { Snapshot } from '../../engine/snapshot.ts';
import type { Random } from '../agreement/random.ts';
import { CHECKOUT, type Document, PAYMENTS, REPORTS, snapshotOf } from '../engine/fixture.ts';
import { IDP, KEY_FILES, LISTED_KEYS, ORIGIN } from './credentials.ts';

const id = (path: string) => `spiffe://prod.example/${path}`;
export const BATCH = id('ns/jobs/sa/batch');
export const AGENT = id('ns/ai/sa/agent');
export const RUNNER = id('ns/ci/sa/runner');
export const EDGE = id('ns/edge/sa/gateway');
export const UNKNOWN = id('ns/shop/sa/unknown');

export const OPERATIONS = [
  'GET /a',
  'POST /b',
  'GET /c',
  'GET /r',
  'GET /s',
  'GET /t',
  'POST /i',
] as const;

export interface Wishes {
  /** Permits and Exceptions ask for proof. */
  readonly asking?: boolean;
  /** Rules take something away for what a claim says. */
  readonly against?: boolean;
  /** Some services read `Authorization` themselves, so a token there is no proof. */
  readonly passing?: boolean;
}

export interface CredentialBundle {
  readonly snapshot: Snapshot;
  readonly documents: readonly Document[];
}

const metadata = (name: string) => ({ name, namespace: 'pay', owner: 'team-pay' });
const issuer = (name: string, spec: Document): Document => {
  return { kind: 'Issuer', metadata: { name }, spec };
};

export const ISSUERS: readonly Document[] = [
  issuer('root', { x509: { trustDomain: 'prod.example', bundle: 'root.pem' } }),
  issuer('svids', {
    jwtSvid: { trustDomain: 'prod.example', audiences: ['remit'], bundle: 'bundle.json' },
  }),
  issuer('idp', {
    jwt: {
      ...{ issuer: IDP, jwks: { file: 'keys.json' }, audiences: ['remit'], maxLifetime: '1h' },
      ...{ uses: ['access', 'id'], claims: { team: 'attributes.team' } },
    },
  }),
  issuer('keys', { apiKeys: { hmacKey: 'hmac.key', keys: LISTED_KEYS } }),
];

type Who = readonly [name: string, spec: Document];

const INVENTORY: readonly Who[] = [
  ['checkout', { spiffe: CHECKOUT, issuer: 'idp', subject: 'checkout' }],
  ['batch', { spiffe: BATCH, issuer: 'keys', subject: 'batch' }],
  ['runner', { spiffe: RUNNER, issuer: 'idp', subject: 'runner', kind: 'ci' }],
  ['reports', { spiffe: REPORTS }],
  ['agent', { spiffe: AGENT, kind: 'agent' }],
  ['gateway', { spiffe: EDGE, kind: 'gateway' }],
  ['alice', { issuer: 'idp', subject: 'alice', kind: 'human' }],
  ['bob', { issuer: 'idp', subject: 'bob' }],
  ['robot', { issuer: 'idp', subject: 'robot', shared: true }],
  ['stock', { issuer: 'keys', subject: 'stock', shared: true }],
];
const KINDS = ['workload', 'agent', 'ci', 'third_party', 'gateway', 'human'];
const NAMES = ['checkout', 'alice', 'bob', 'robot', 'runner'].map((it) => `idp#${it}`);
const PRINCIPALS = [CHECKOUT, BATCH, RUNNER, REPORTS, AGENT, EDGE, ...NAMES, 'keys#stock'];

export function identity([name, spec]: Who, more: Document = {}): Document {
  return { kind: 'Identity', metadata: { name }, spec: { ...spec, ...more } };
}

function inventory(random: Random): Document[] {
  return INVENTORY.map((who) => {
    const spec: Record<string, unknown> = {};
    if (random.chance(0.3)) spec['roles'] = ['pay/reader'];
    if (random.chance(0.3)) spec['attributes'] = { team: random.pick(['red', 'blue']) };
    if (random.chance(0.1)) spec['ceiling'] = { verbs: random.some(['read', 'write'], 1, 2) };
    if (random.chance(0.08)) spec['maxLifetime'] = '3h';
    if (random.chance(0.08)) spec['expiresAt'] = '2026-11-22T11:00:00Z';
    return identity(who, spec);
  });
}

function service(random: Random, { passing = false }: Wishes): Document {
  const low = () => random.pick(['public', 'internal']);
  const any = { requestable: random.chance(0.5) };
  const free = () => ({ ...any, dataClass: low(), taskFree: random.chance(0.8) });
  const operations = {
    a: { http: 'GET /a', ...free() },
    b: { http: 'POST /b', ...free() },
    c: { http: 'GET /c', ...any, dataClass: 'confidential' },
    r: { http: 'GET /r', ...any, dataClass: 'restricted' },
    s: { http: 'GET /s', ...free(), scopes: ['pay.read', 'pay'] },
    t: { http: 'GET /t', ...free(), requires: ['principal.attributes.team'] },
    i: { http: 'POST /i', ...free(), verb: 'invoke' },
  };
  const spec: Record<string, unknown> = { destinations: [PAYMENTS], operations };
  if (random.chance(0.95)) spec['origin'] = ORIGIN;
  if (random.chance(0.15)) {
    spec['accepts'] = random.some(['x509-svid', 'jwt', 'jwt-svid', 'wit', 'api-key'], 1, 4);
  }
  if (passing && random.chance(0.1)) spec['authorization'] = 'passThrough';
  if (random.chance(0.3)) spec['resourceMetadata'] = `${ORIGIN}/.well-known/oauth`;
  return { kind: 'Service', metadata: metadata('payments'), spec };
}

function from(random: Random, { against = false }: Wishes, permit: boolean): Document {
  const claims = { team: [random.pick(['red', 'blue', '*'])] };
  const ways: Document[] = [
    { principals: random.some(PRINCIPALS, 2, 6) },
    { principals: random.some(PRINCIPALS, 2, 6) },
    { kinds: random.some(KINDS, 1, 5) },
    { namespaces: random.some(['shop', 'jobs', 'bi', 'ai'], 1, 3) },
    { serviceAccounts: random.some(['shop/checkout', 'jobs/batch', 'ci/runner'], 1, 2) },
    { roles: ['reader'] },
    { actors: random.some(NAMES, 1, 3) },
    ...(permit || against ? [{ claims }] : []),
  ];
  if (permit && random.chance(0.1)) return { anonymous: true };
  const way = random.pick(ways);
  const isNarrowed = random.chance(0.15);
  const left = against && random.chance(0.5) ? { claims } : random.pick(ways.slice(0, 4));
  return isNarrowed ? { ...way, not: left } : way;
}

const OUTSIDE = ["action.verb == 'read'", "resource.dataClass != 'internal'", 'true'];
const BY_CLAIM = ["!has(principal.attributes.team) || principal.attributes.team != 'red'"];

function rule(random: Random, wishes: Wishes, index: number): Document {
  const permit = random.chance(0.75);
  const names = random.some(['a', 'b', 'c', 'r', 's', 't', 'i'], 2, 6);
  const to = random.pick([{}, {}, { operations: names }, { verbs: ['read', 'write'] }]);
  const block: Record<string, unknown> = {
    ...{ id: `r${index}`, effect: permit ? 'permit' : 'forbid' },
    ...{ from: from(random, wishes, permit), to },
  };
  if (!permit) block['suspendable'] = true;
  if (random.chance(0.2)) {
    block['condition'] = random.pick(wishes.against ? [...OUTSIDE, ...BY_CLAIM] : OUTSIDE);
  }
  if (permit && wishes.asking && random.chance(0.4)) block['require'] = requirement(random);
  return block;
}

function requirement(random: Random): Document {
  const assurance = random.pick(['bearer', 'asserted', 'svid', 'bound']);
  return random.pick([{ assurance }, { assurance }, { bound: true }, { maxAge: '2h' }]);
}

function policies(random: Random, wishes: Wishes): Document[] {
  const rules = Array.from({ length: 2 + random.below(6) }, (_, at) => rule(random, wishes, at));
  const everybody = { id: 'broad', effect: 'permit', from: { kinds: KINDS }, to: {} };
  if (random.chance(0.5)) rules.push(everybody);
  const forbids = rules.filter((it) => it['effect'] === 'forbid').map((it) => `pay/p/${it['id']}`);
  const policy = { kind: 'Policy', metadata: metadata('p'), spec: { rules } };
  if (forbids.length === 0 || random.chance(0.5)) return [policy];
  const require = wishes.asking && random.chance(0.7) ? { require: requirement(random) } : {};
  const spec = {
    ...{ reason: 'an incident', expiresAt: '2027-01-01T00:00:00Z', suspends: forbids },
    ...{ from: { principals: random.some(PRINCIPALS, 3, 8) }, to: {}, ...require },
  };
  return [policy, { kind: 'Exception', metadata: metadata('e'), spec }];
}

const ROLE: Document = {
  kind: 'Role',
  metadata: metadata('reader'),
  spec: { covers: [{ services: ['payments'] }] },
};

export function enforcer(peer: readonly string[]): Document {
  const spec = { type: 'gateway', local: true, asserts: { peer, destinations: ['*'] } };
  return { kind: 'Enforcer', metadata: { name: 'near' }, spec };
}

export function loaded(documents: readonly Document[]): Snapshot {
  return snapshotOf(documents, { overdueReviews: 'deny' }, KEY_FILES);
}

export function credentialBundle(random: Random, wishes: Wishes = {}): CredentialBundle {
  const peer = ['principal', 'certificate', 'clientCert', 'metadata'];
  if (random.chance(0.5)) peer.push('anonymous');
  const documents = [
    ...ISSUERS,
    ...inventory(random),
    ...[service(random, wishes), ROLE, enforcer(peer)],
    ...policies(random, wishes),
  ];
  return { documents, snapshot: loaded(documents) };
}
