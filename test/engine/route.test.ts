// An operation in the environments that enforcers say: each is remembered, and a bounded number.

import assert from 'node:assert/strict';
import type { Operation } from '../../engine/access_request.ts';
import { Route } from '../../engine/policy/route.ts';

const OPERATION = { id: 'pay/payments/read', environment: '', resourceType: '' };
const route = () =>
  new Route({
    name: 'read',
    operation: OPERATION as unknown as Operation, // The rest is read by rules alone.
    resourceId: () => '',
    tenant: () => '',
    ...{ declaresTenant: false, captureNames: [], requires: [], body: undefined },
  });

describe('C-107: an operation whose environment an enforcer says', () => {
  it('is the same one again and again, whatever others say in between', () => {
    const read = route();
    const names = Array.from({ length: 16 }, (_, index) => `e${index}`);
    const first = names.map((name) => read.in(name));
    assert.deepEqual(
      first.map(({ operation }) => operation.environment),
      names,
    );
    for (const [index, name] of names.entries()) assert.equal(read.in(name), first[index]);
  });

  it('is made anew when there were too many, and says the same', () => {
    const read = route();
    const first = read.in('first');
    for (let index = 0; index < 16; index++) read.in(`e${index}`);
    assert.notEqual(read.in('first'), first);
    assert.deepEqual(read.in('first').operation, first.operation);
  });
});
