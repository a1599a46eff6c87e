// Rules that were found for a caller are found again for him alone: who has another entry in the
// inventory, by the same id, is another caller.

import assert from 'node:assert/strict';
import { parseSpiffeId, type SpiffeId } from '../../engine/spiffe_id.ts';
import { CHECKOUT, identity, PAYMENTS, policy, service, snapshotOf } from './fixture.ts';

const { proof, policy: permits } = snapshotOf([
  service('payments', { destinations: [PAYMENTS], operations: { read: { http: 'GET /a' } } }),
  {
    kind: 'Role',
    metadata: { name: 'reader', namespace: 'pay' },
    spec: { covers: [{ operations: ['payments/read'] }] },
  },
  policy('p', [{ id: 'r', effect: 'permit', from: { roles: ['reader'] }, to: {} }]),
  identity(CHECKOUT, { roles: ['pay/reader'] }),
]);

describe('C-029: the rules of a caller', () => {
  const rules = permits.byId('pay/payments')?.operations[0]?.rules(permits.rules);
  assert.ok(rules);
  const reader = proof.inventory.find(parseSpiffeId(CHECKOUT) as SpiffeId);
  const nobody = { ...reader, entry: { ...reader.entry, roles: [] } };

  it('are those of his entry, whoever had the same id before', () => {
    for (let round = 0; round < 2; round++) {
      assert.equal(rules.find(reader).rules.length, 1);
      assert.equal(rules.find(nobody).rules.length, 0);
    }
  });

  it('that name resources are looked for by the resource, wildcards or not', () => {
    const to = (n: number) => ({ resources: [n % 2 === 0 ? `doc/${n}` : `doc/${n}/*`] });
    const many = Array.from({ length: 40 }, (_, n) => {
      return { id: `r${n}`, effect: 'permit', from: { principals: [CHECKOUT] }, to: to(n) };
    });
    const operations = { read: { http: 'GET /d/{a}/{b}', resource: 'doc/{path.a}/{path.b}' } };
    const snapshot = snapshotOf([
      service('payments', { destinations: [PAYMENTS], operations }),
      policy('p', many),
      identity(CHECKOUT),
    ]);
    const route = snapshot.policy.byId('pay/payments')?.operations[0];
    const found = route?.rules(snapshot.policy.rules).find(reader);
    const of = (id: string) => {
      const resource = { type: 'doc', id, tenant: '' };
      return found?.byResource(resource).map(({ record }) => record.id);
    };
    assert.deepEqual(found?.rules, []);
    assert.deepEqual(
      [of('4'), of('5/x'), of('6/x'), of('7')],
      [['pay/p/r4'], ['pay/p/r5'], [], []],
    );
  });

  it('are looked for once', () => {
    assert.equal(rules.find(reader), rules.find({ ...reader }));
  });
});
