// A snapshot says which headers are read, in one order: the same bundle is the same image, in
// whatever order its documents name them.

import assert from 'node:assert/strict';
import { issuer, mesh, rule } from '../identity/token_fixture.ts';
import { CHECKOUT, type Document, identity } from './fixture.ts';

const NAMES = ['x-c', 'x-a', 'x-b'];

function headersRead(order: readonly string[]) {
  const locations = (name: string): Document => ({
    issuer: `https://${name}.example`,
    locations: [{ header: name, prefix: 'T ' }],
  });
  const conditions = order.map((name, index) =>
    rule(`r${index}`, {
      from: { principals: [CHECKOUT] },
      condition: `request.headers['of${name}'] == 'a'`,
    }),
  );
  const { headers, proofHeaders } = mesh(
    [...order.map((name) => issuer(locations(name), `i${name}`)), identity(CHECKOUT)],
    conditions,
  ).attributesRead;
  const ours = (names: Iterable<string>) => [...names].filter((it) => /x-[abc]$/.test(it));
  return { rules: ours(headers), proofs: ours(proofHeaders) };
}

describe('the headers that are read', () => {
  it('stand in one order, whatever that of the documents', () => {
    const want = { rules: ['ofx-a', 'ofx-b', 'ofx-c'], proofs: ['x-a', 'x-b', 'x-c'] };
    assert.deepEqual(headersRead(NAMES), want);
    assert.deepEqual(headersRead(NAMES.toReversed()), want);
  });
});
