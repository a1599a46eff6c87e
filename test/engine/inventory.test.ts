// Who is known (DESIGN section 6, `Identity`): exact beats pattern, a literal segment earlier on
// beats a wildcard, and an identity without an entry is proved but may do nothing.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PLAIN_PRINCIPAL } from '../../engine/access_request.ts';
import { PRINCIPALS_KEPT_MAX } from '../../engine/limits.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import {
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  REPORTS,
  snapshotOf,
  textOf,
} from './fixture.ts';
import { toldOf } from './mistakes.ts';

const TD = 'spiffe://prod.example';

function principalOf(id: string, entries: Readonly<Record<string, Document>>) {
  const documents = Object.entries(entries).map(([spiffe, spec]) => identity(spiffe, spec));
  return snapshotOf([...documents, GATEWAY]).proof.inventory.find(parsed(id));
}

function parsed(text: string): SpiffeId {
  const id = parseSpiffeId(text);
  assert.ok(id instanceof SpiffeId);
  return id;
}

/** Each entry's tenant is the name by which it is found again. */
const precedence: { name: string; id: string; entries: string[]; want: string }[] = [
  { name: 'an exact entry', id: '/a/b', entries: ['/a/b'], want: '/a/b' },
  { name: 'a pattern', id: '/a/b', entries: ['/a/*'], want: '/a/*' },
  { name: 'exact before any pattern', id: '/a/b', entries: ['/a/*', '/a/b', '/*/b'], want: '/a/b' },
  {
    name: 'an earlier literal before a later',
    id: '/a/b',
    entries: ['/*/b', '/a/*'],
    want: '/a/*',
  },
  {
    name: 'an earlier literal before two later ones',
    id: '/a/b/c',
    entries: ['/*/b/c', '/a/*/*'],
    want: '/a/*/*',
  },
  {
    name: 'fewer wildcards from there',
    id: '/a/b/c',
    entries: ['/a/*/*', '/a/*/c'],
    want: '/a/*/c',
  },
  { name: 'any wildcard before none', id: '/x/y', entries: ['/*/*', '/a/*'], want: '/*/*' },
  { name: 'nothing for a longer id', id: '/a/b/c', entries: ['/a/*', '/*/*'], want: '' },
  { name: 'nothing for a shorter id', id: '/a', entries: ['/a/*', '/*/*'], want: '' },
  { name: 'nothing in another case', id: '/A/b', entries: ['/a/b', '/a/*'], want: '' },
  { name: 'one of two patterns of one shape', id: '/b/x', entries: ['/a/*', '/b/*'], want: '/b/*' },
];

describe('the inventory', () => {
  for (const { name, id, entries, want } of precedence) {
    it(`finds ${name}, in any order of entries`, () => {
      for (const order of [entries, entries.toReversed()]) {
        const specs = order.map((path) => [`${TD}${path}`, { tenant: path }]);
        const principal = principalOf(`${TD}${id}`, Object.fromEntries(specs));
        assert.deepEqual([principal.entry.tenant, principal.known], [want, want !== '']);
      }
    });
  }

  it('says what a principal is, and never how strongly it is proved', () => {
    const spec = {
      kind: 'ci',
      tenant: 'acme',
      environment: 'prod',
      purpose: 'builds',
      roles: ['ops/builder'],
      attributes: { team: 'build', cost: 7, trusted: true, regions: ['eu', 'us'] },
      audiences: ['pay/payments'],
      ceiling: { verbs: ['read'] },
      maxLifetime: '12h',
      expiresAt: '2027-01-01T00:00:00+01:00',
      reviewBy: '2026-12-31',
    };
    const builder = {
      kind: 'Role',
      metadata: { name: 'builder', namespace: 'ops' },
      spec: { covers: [{ resources: ['build/*'] }] },
    };
    const checkout = identity(CHECKOUT, spec);
    const snapshot = snapshotOf([builder, checkout, GATEWAY], {
      overdueReviews: 'deny',
    });
    const { spiffe, ...principal } = snapshot.proof.inventory.find(parsed(CHECKOUT));
    assert.equal(spiffe?.id, CHECKOUT);
    assert.deepEqual(principal, {
      id: CHECKOUT,
      assurance: 'asserted',
      known: true,
      ...PLAIN_PRINCIPAL,
      entry: {
        id: (checkout['metadata'] as { name: string }).name,
        kind: 'ci',
        tenant: 'acme',
        environment: 'prod',
        roles: ['ops/builder'],
        attributes: new Map<string, unknown>([
          ['team', 'build'],
          ['cost', 7],
          ['trusted', true],
          ['regions', ['eu', 'us']],
        ]),
        shared: false,
        audiences: new Set(['pay/payments']),
        ceiling: { dataClasses: undefined, verbs: ['read'], services: undefined },
        maxLifetimeMs: 12 * 3_600_000,
        expiresAt: Date.parse('2026-12-31T23:00:00Z'),
        reviewUntil: Date.parse('2027-01-01T00:00:00Z'),
        workloadUntil: Number.POSITIVE_INFINITY,
      },
    });
  });

  it('forgets a review where one that is over does not matter', () => {
    const { entry } = principalOf(CHECKOUT, { [CHECKOUT]: { reviewBy: '2020-01-01' } });
    assert.equal(entry.reviewUntil, Number.POSITIVE_INFINITY);
  });

  it('gives a pattern’s entry the id of the caller', () => {
    assert.equal(principalOf(`${TD}/a/b`, { [`${TD}/a/*`]: {} }).id, `${TD}/a/b`);
  });

  it('has a kind for everybody: a workload when nothing is said', () => {
    assert.equal(principalOf(CHECKOUT, { [CHECKOUT]: {} }).entry.kind, 'workload');
  });

  it('believes the trust domains of its entries and the mesh’s own, and no others', () => {
    const entries = [identity('spiffe://a/x'), identity('spiffe://b/*'), identity('spiffe://b/y')];
    const domains = (trustDomain: string | undefined) =>
      [...snapshotOf(entries, { trustDomain }).proof.trustDomains].sort();
    assert.deepEqual(domains('home'), ['a', 'b', 'home']);
    assert.deepEqual(domains(undefined), ['a', 'b']);
  });

  it('finds what trying every entry finds', () => {
    const segment = fc.constantFrom('a', 'b', '*');
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((it) => `/${it.join('/')}`);
    const asked = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 8 }), asked, (entries, segments) => {
        const specs = entries.map((entry) => [`${TD}${entry}`, { tenant: entry }]);
        const found = principalOf(`${TD}/${segments.join('/')}`, Object.fromEntries(specs));
        const fits = entries
          .map((entry) => entry.slice(1).split('/'))
          .filter((it) => it.length === segments.length)
          .filter((it) => it.every((part, index) => part === '*' || part === segments[index]));
        // `*` sorts before letters, so the largest has its first wildcard last.
        const best = fits.map((it) => `/${it.join('/')}`).sort((a, b) => (a < b ? 1 : -1))[0];
        assert.equal(found.entry.tenant, best ?? '');
      }),
      { numRuns: 300 },
    );
  });
});

describe('an inventory that is asked again', () => {
  const { inventory } = snapshotOf([CHECKOUT, REPORTS].map((id) => identity(id))).proof;

  it('answers with the same principal, whoever was asked about in between', () => {
    const find = (id: string) => [inventory.find(parsed(id)), inventory.findBySvid(parsed(id))];
    const first = find(CHECKOUT);
    find(REPORTS);
    for (const [index, principal] of find(CHECKOUT).entries()) {
      assert.equal(principal, first[index]);
    }
  });

  it('keeps a bounded number of them, and answers about all', () => {
    const ids = Array.from({ length: PRINCIPALS_KEPT_MAX + 2 }, (_, index) => `${TD}/w/${index}`);
    const many = snapshotOf(ids.map((id) => identity(id))).proof.inventory;
    const [first, ...others] = ids.map((id) => many.find(parsed(id)));
    assert.ok(others.every(({ id, known }, index) => known && id === ids[index + 1]));
    assert.notEqual(many.find(parsed(ids[0]!)), first);
    assert.equal(many.find(parsed(ids.at(-1)!)), others.at(-1));
  });
});

describe('an inventory that is a mistake', () => {
  const messages = (...documents: Document[]) =>
    toldOf(textOf(documents)).map(([, message]) => message);

  it('has two entries for one id, also when they say the same', () => {
    const message = `a second Identity for \`${CHECKOUT}\``;
    assert.deepEqual(messages(identity(CHECKOUT), identity(CHECKOUT)), [message]);
  });

  it('has an agent by a pattern', () => {
    const message = 'an agent is named exactly, not by a pattern';
    assert.deepEqual(messages(identity(`${TD}/ns/*/sa/a`, { kind: 'agent' })), [message]);
    assert.deepEqual(messages(identity(`${TD}/ns/ai/sa/a`, { kind: 'agent' })), []);
  });

  it('has a wildcard that is no whole segment, or in the trust domain', () => {
    assert.equal(messages(identity(`${TD}/ns/a*`)).length, 1);
    assert.equal(messages(identity('spiffe://*/ns/a')).length, 1);
    assert.equal(messages(identity('spiffe://*.example/ns/a')).length, 1);
  });
});
