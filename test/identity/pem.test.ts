// C-011: a chain that a proxy passes on is a leaf and so many authorities behind it, in PEM that is
// nothing else.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { readSentChain } from '../../engine/identity/pem.ts';
import { CERTIFICATE_TEXT_MAX, PEER_CHAIN_MAX } from '../../engine/limits.ts';
import { pemOf } from '../support/certificates.ts';

const DERS = Array.from({ length: PEER_CHAIN_MAX + 2 }, (_, index) => Buffer.from([48, 1, index]));
const chainOf = (count: number) => pemOf(...DERS.slice(0, count));

function answer(pem: string): string | number {
  const read = readSentChain(pem);
  return isFailure(read) ? read.detail : read.length;
}

describe('C-011: PEM of a chain', () => {
  for (const count of [1, 2, PEER_CHAIN_MAX, PEER_CHAIN_MAX + 1]) {
    it(`of ${count} is read in order`, () => {
      assert.deepEqual(readSentChain(chainOf(count)), DERS.slice(0, count));
    });
  }

  const none = 'not one certificate in URL-encoded PEM';
  const wrong: [name: string, pem: string, want: string][] = [
    ['of nothing', '', none],
    ['of one more', chainOf(PEER_CHAIN_MAX + 2), none],
    ['that ends early', chainOf(2).slice(0, -10), none],
    ['with a key', chainOf(1).replaceAll('CERTIFICATE', 'PRIVATE KEY'), none],
    ['with words between', `${chainOf(1)}and\n${chainOf(1)}`, none],
  ];
  for (const [name, pem, want] of wrong) {
    it(`${name} is none`, () => assert.equal(answer(pem), want));
  }

  it('is as long as all of it may be, and no longer', () => {
    const max = (PEER_CHAIN_MAX + 1) * CERTIFICATE_TEXT_MAX;
    const padded = (length: number) => chainOf(2).padEnd(length, '\n');
    assert.equal(answer(padded(max)), 2);
    assert.equal(answer(padded(max + 1)), 'the certificate is too long');
  });
});
