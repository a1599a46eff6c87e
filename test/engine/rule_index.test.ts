// The index: whatever rules there are, a request finds exactly those that looking at all of them
// finds, and what is remembered or forgotten on the way changes no answer.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FOUND_MAX, UNINDEXED_RULES_MAX } from '../../engine/limits.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import {
  accessBy,
  answerTo,
  type Document,
  GATEWAY,
  identity,
  policy,
  service,
  snapshotOf,
  textOf,
  told,
} from './fixture.ts';

const TD = 'spiffe://prod.example';
const CALLERS = ['/ns/a/sa/x', '/ns/a/sa/y', '/ns/b/sa/x', '/plain', '/ns/a/sa/x/deep'];
const ROLES = ['reader', 'writer'];

function role(name: string): Document {
  const covers = [{ resources: ['doc/**'] }, { operations: ['one/drop'] }];
  return { kind: 'Role', metadata: { name, namespace: 'pay' }, spec: { covers } };
}

const OPERATIONS = {
  read: { http: 'GET /d/{id}', resource: 'doc/{path.id}', tier: 1 },
  list: { http: 'GET /d/{a}/{b}', resource: 'doc/{path.a}/{path.b}', dataClass: 'confidential' },
  drop: { http: 'POST /d', verb: 'admin', resource: 'admin/all' },
};
const RESOURCES = ['1', '2', 'a', 'a/1', 'a/2', 'b/1', 'a/1/2'];

/** At least one of these, at most three. */
const some = (...items: string[]) =>
  fc.subarray(items, { minLength: 1, maxLength: Math.min(3, items.length) });
const anyFrom = fc.record({
  principals: some(...CALLERS.slice(0, 3).map((it) => TD + it), `${TD}/ns/*/sa/x`, `${TD}/*`),
  serviceAccounts: some('a/x', 'b/x', 'b/y'),
  namespaces: some('a', 'b', 'a*', '*'),
  trustDomains: some('prod.example', 'other.example'),
  kinds: some('workload', 'ci'),
  roles: some(...ROLES),
  claims: fc.dictionary(
    fc.constantFrom('team', 'level'),
    fc.constantFrom(['x'], ['y', '7'], ['x*']),
    { minKeys: 1 },
  ),
});
const anyTo = fc.record({
  services: some('one', 'two', 'pay/one', '*', 't*'),
  operations: some('read', 'one/read', 'two/list', 'one/*', 'pay/one/drop', '*'),
  verbs: some('read', 'admin'),
  resources: some('doc/1', 'doc/a/1', 'doc/a/*', 'doc/a/**', 'doc/*', 'doc/**', 'admin/all'),
  dataClasses: some('internal', 'confidential'),
});

/** A few of the keys of a block: all of them together match next to nothing. */
const few = (block: fc.Arbitrary<object>) =>
  fc.tuple(block, fc.infiniteStream(fc.nat(2))).map(([keys, chance]): Document => {
    const kept = Object.entries(keys).filter(() => chance.next().value === 0);
    return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  });

const anyRule = fc
  .record({ from: few(anyFrom), to: few(anyTo), permit: fc.boolean(), anonymous: fc.nat(9) })
  .map(({ from, to: { services, ...to }, permit, anonymous }): Document => {
    const whom = anonymous === 0 ? { anonymous: true } : from;
    const effect = permit && Object.keys(whom).length > 0 ? 'permit' : 'forbid';
    // Operations of services that the rule does not reach are a mistake.
    const reached = to['operations'] === undefined && services !== undefined ? { services } : {};
    return { effect, from: whom, to: { ...to, ...reached } };
  });

function meshOf(rules: readonly Document[]): Snapshot | undefined {
  const documents = [
    ...['one', 'two'].map((name) => {
      return service(name, { destinations: [`${TD}/ns/pay/sa/${name}`], operations: OPERATIONS });
    }),
    ...ROLES.map(role),
    policy(
      'p',
      rules.map((rule, index) => ({ id: `r${index}`, ...rule })),
    ),
    ...CALLERS.map((path, index) => {
      const attributes = { team: index % 2 ? 'x' : 'y', level: 7 };
      return identity(TD + path, {
        roles: index < 2 ? ['pay/reader'] : ['pay/writer'],
        attributes,
      });
    }),
    GATEWAY,
  ];
  const errors = told(textOf(documents), { trustDomain: 'prod.example' });
  // A reference to what a rule's services have not is a mistake; then there is nothing to compare.
  return errors.length > 0 ? undefined : snapshotOf(documents);
}

function principalOf(snapshot: Snapshot, path: string) {
  const id = parseSpiffeId(TD + path);
  assert.ok(id instanceof SpiffeId);
  return snapshot.proof.inventory.find(id);
}

/** Ids of the rules that match by the index, and by trying every rule. */
function bothWays(snapshot: Snapshot, caller: string, place: number, id: string): string[][] {
  const { policy } = snapshot;
  const principal = principalOf(snapshot, caller);
  return policy.serviceAt(place).operations.map((route): string[] => {
    const { operation } = route;
    const access = accessBy(principal, operation);
    const resource = { type: operation.resourceType, id, tenant: '' };
    const found = route.rules(policy.rules).find(principal);
    const asked = Object.assign(access, { resource });
    const byIndex = [...found.rules, ...found.byResource(resource)]
      .filter((rule) => rule.dynamicFailures(asked) === 0)
      .map((rule) => rule.id);
    const all = Array.from({ length: policy.rules.size }, (_, index) => policy.rules.at(index));
    const byTrying = all
      .filter((rule) => rule.staticFailures(operation, principal) === 0)
      .filter((rule) => rule.dynamicFailures(asked) === 0)
      .map((rule) => rule.id);
    assert.deepEqual(byIndex.sort(), byTrying.sort());
    return byIndex;
  });
}

describe('the index of rules', () => {
  it('leads each request to exactly the rules that trying all of them finds', () => {
    let matched = 0;
    fc.assert(
      fc.property(fc.array(anyRule, { minLength: 1, maxLength: 8 }), (rules) => {
        const snapshot = meshOf(rules);
        if (snapshot === undefined) return;
        for (const caller of CALLERS) {
          for (const place of [0, 1]) {
            for (const id of RESOURCES) {
              matched += bothWays(snapshot, caller, place, id).flat().length;
            }
          }
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(matched > 1000, `${matched} matches`);
  });

  it('finds a rule with more keys than the index takes', () => {
    const many = Array.from({ length: 60 }, (_, index) => `${TD}/ns/a/sa/${index}`);
    const resources = Array.from({ length: 60 }, (_, index) => `doc/${index}`);
    const from = { principals: [...many, `${TD}/ns/a/sa/x`] };
    for (const to of [{ resources }, { resources, operations: ['one/read', 'two/read'] }]) {
      const snapshot = meshOf([{ effect: 'permit', from, to }]);
      assert.ok(snapshot);
      const [read] = bothWays(snapshot, '/ns/a/sa/x', 0, '59');
      assert.deepEqual(read, ['pay/p/r0']);
      assert.deepEqual(bothWays(snapshot, '/ns/a/sa/x', 0, '60').flat(), []);
    }
  });

  it('forgets what it remembers of principals, and answers as before', () => {
    const pay = service('one', { destinations: [`${TD}/pay`], operations: OPERATIONS });
    const rules = [
      { id: 'a', effect: 'permit', from: { principals: [`${TD}/ns/*/sa/x`] }, to: {} },
      { id: 'b', effect: 'forbid', from: { namespaces: ['n7'] }, to: {} },
    ];
    const documents = [pay, policy('p', rules), identity(`${TD}/ns/*/sa/*`), GATEWAY];
    const snapshot = snapshotOf(documents);
    const ask = (caller: string) =>
      answerTo(snapshot, { caller: TD + caller, destination: `${TD}/pay`, http: 'GET /d/1' });
    const asked = ['/ns/n1/sa/x', '/ns/n1/sa/y', '/ns/n7/sa/x'];
    const want = ['allow', 'authz.no_match', 'authz.forbidden'];
    assert.deepEqual(asked.map(ask), want);
    for (let index = 0; index < 2 * FOUND_MAX + 10; index++) {
      assert.equal(ask(`/ns/m${index}/sa/x`), 'allow');
    }
    assert.deepEqual(asked.map(ask), want);
  });
});

describe('rules that no index catches', () => {
  const rules = (count: number, more: Document) =>
    Array.from({ length: count }, (_, index) => {
      const from = { kinds: ['workload'], namespaces: ['a*'] };
      return {
        id: `r${index}`,
        effect: 'forbid',
        from: { ...from, not: { kinds: ['ci'] } },
        ...more,
      };
    });
  const pay = service('one', { operations: OPERATIONS });
  const messages = (given: readonly Document[]) => told(textOf([pay, policy('p', given)]));

  it('are few: one more than the limit is told, with the way out', () => {
    const anybody = { from: { not: { kinds: ['ci'] } }, to: { services: ['one'] } };
    assert.deepEqual(messages(rules(UNINDEXED_RULES_MAX, anybody)), []);
    const told = messages(rules(UNINDEXED_RULES_MAX + 1, anybody));
    assert.equal(told.length, 1);
    assert.match(
      told[0]!,
      /error: `pay\/p\/r\d+` is one of more than 256 rules that no index catches/,
    );
    assert.match(told[0]!, /in service `pay\/one`; expected an exact principal, service account/);
  });

  it('may be as many as there are where operation, resource or caller is exact', () => {
    const count = UNINDEXED_RULES_MAX + 10;
    for (const more of [
      { from: {}, to: { operations: ['one/read'] } },
      { from: {}, to: { resources: ['doc/1'] } },
      { from: { serviceAccounts: ['a/x'] }, to: {} },
    ]) {
      assert.deepEqual(messages(rules(count, more)), []);
    }
  });
});
