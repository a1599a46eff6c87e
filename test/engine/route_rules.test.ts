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

  it('are looked for once', () => {
    assert.equal(rules.find(reader), rules.find({ ...reader }));
  });
});
