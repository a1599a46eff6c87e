// Signatures in the form of JWS mean the same in the form of OpenSSL, and nothing else does.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { ecdsaSignatureDer } from '../../engine/identity/token/ecdsa_signature.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('C-011: an ECDSA signature of a JWS', () => {
  const written: [name: string, jws: string, der: string][] = [
    ['of small numbers', '0102 0304', '3008 02020102 02020304'],
    ['with zeros before them', '0001 0002', '3006 020101 020102'],
    ['of numbers that would be negative', '80ff ffff', '300a 02030080ff 020300ffff'],
    ['of zero', '0000 0000', '3006 020100 020100'],
  ];
  for (const [name, jws, der] of written) {
    it(`is a sequence of two integers: ${name}`, () => {
      assert.equal(ecdsaSignatureDer(bytes(jws)).toString('hex'), bytes(der).toString('hex'));
    });
  }

  it('of P-521 has a length of two bytes where it is long', () => {
    const der = ecdsaSignatureDer(Buffer.alloc(132, 0xff));
    assert.equal(der.subarray(0, 6).toString('hex'), '30818a024300');
    assert.equal(der.length, 3 + 138);
    assert.equal(ecdsaSignatureDer(Buffer.alloc(132)).toString('hex'), '3006020100020100');
  });

  for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
    it(`verifies as node's own conversion does: ${namedCurve}`, () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
      for (let round = 0; round < 300; round++) {
        const data = Buffer.from(`${namedCurve} ${round}`);
        const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
        const signature = sign('sha256', data, key);
        assert.ok(verify('sha256', data, publicKey, ecdsaSignatureDer(signature)));
        signature[round % signature.length]! ^= 1 << (round % 8);
        assert.ok(!verify('sha256', data, publicKey, ecdsaSignatureDer(signature)));
      }
    });
  }
});
