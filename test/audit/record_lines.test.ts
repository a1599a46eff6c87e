// Record lines by their bytes: what the engine writes is told by a key that stays while it says the
// same, and nothing but proof and permission is looked at.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CredentialInventory } from '../../audit/credential_inventory.ts';
import { inventoryReport } from '../../audit/inventory_report.ts';
import { RecordLines } from '../../audit/record_lines.ts';
import { recordLines } from '../../engine/record.ts';
import {
  CHECKOUT,
  GATEWAY,
  identity,
  NOW,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
  verdictOn,
} from '../engine/fixture.ts';

describe('lines as the engine writes them', () => {
  const snapshot = snapshotOf([
    service('payments', {
      destinations: [PAYMENTS],
      operations: { read: { http: 'GET /a' } },
    }),
    policy('p', [{ id: 'all', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} }]),
    ...[identity(CHECKOUT), GATEWAY],
  ]);
  const write = (now: number, traceId = '', caller = CHECKOUT) => {
    const occasion = {
      ...{ decisionId: '01936f2a-7c00-7000-8000-000000000001', now, durationUs: 1, revision: 0 },
      ...{ method: 'GET', path: `/a?${now}`, host: '', destination: PAYMENTS, requestId: '' },
      ...{ traceId, sni: '', port: 0 },
    };
    return recordLines(verdictOn(snapshot, { caller, http: 'GET /a' }), occasion, snapshot);
  };

  it('are told by one key while they say the same, and by another in another minute', () => {
    const found: [string, number | undefined, number][] = [];
    const kindOf = (line: string) => (line.includes('authn.') ? 'evidence' : 'decision');
    const lines = new RecordLines();
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    for (const { evidence, decision } of [
      write(NOW),
      write(NOW + 1, trace),
      write(NOW + 60_000),
      write(NOW, '', 'spiffe://evil.example/x'),
    ]) {
      lines.read(Buffer.from(evidence + decision), (key, minute, bytes, start, end) => {
        found.push([kindOf(bytes.toString('utf8', start, end)), key, minute]);
      });
    }
    assert.equal(found.length, 6, 'what failed or was denied is passed over');
    for (const kind of ['evidence', 'decision']) {
      const [first, second, later] = found.filter(([of]) => of === kind);
      assert.ok(first?.[1] !== undefined);
      assert.deepEqual(second, first);
      assert.equal(later?.[1], first[1]);
      assert.notEqual(later?.[2], first[2]);
    }
  });

  it('may be anything, and never end the reading', () => {
    const { evidence, decision } = write(NOW);
    const inventory = new CredentialInventory();
    const mutated = fc
      .tuple(fc.constantFrom(evidence, decision), fc.nat(800), fc.uint8Array({ maxLength: 9 }))
      .map(([line, at, bytes]) => {
        const text = Buffer.from(line);
        return Buffer.concat([text.subarray(0, at), bytes, text.subarray(at + bytes.length)]);
      });
    const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(fc.oneof(mutated, anything), { maxLength: 4 }), (lines) => {
        const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        assert.equal(inventory.add(bytes), bytes.length);
      }),
      { numRuns: 500 },
    );
    inventoryReport.parse(inventory.report());
  });

  it('fill the inventory', () => {
    const { evidence, decision } = write(NOW);
    const inventory = new CredentialInventory();
    inventory.add(Buffer.from(evidence + decision));
    const { identities, operations } = inventory.report();
    assert.deepEqual([identities[0]?.subject, operations[0]?.principal], [CHECKOUT, CHECKOUT]);
    assert.equal(operations[0]?.operation, 'pay/payments/read');
  });
});
