// `Client-Cert` and `Client-Cert-Chain` (RFC 9440; C-011): one byte sequence, or some, as an
// encoder writes them. Its cases in xfcc.json are those of test/identity/xfcc_cases.test.ts.

import assert from 'node:assert/strict';
import { isFailure } from '../../engine/failure.ts';
import { readClientCert, readClientCertChain } from '../../engine/identity/client_cert.ts';
import {
  CERTIFICATE_BYTES_MAX,
  CREDENTIAL_HEADER_TEXT_MAX,
  PEER_CHAIN_MAX,
} from '../../engine/limits.ts';
import { makeAuthority, makeSvid } from '../support/certificates.ts';

const LEAF = makeSvid('spiffe://td.test/a', 'root');
const SIGNER = makeAuthority('root');
const sequence = (der: Buffer) => `:${der.toString('base64')}:`;
const TWO = Buffer.from('ab');

describe('C-011: Client-Cert', () => {
  it('is the DER of one certificate', () => {
    assert.deepEqual(readClientCert(sequence(LEAF)), LEAF);
    assert.deepEqual(readClientCert(` ${sequence(LEAF)} `), LEAF);
  });

  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['spaces', '   '],
    ['one colon', ':'],
    ['an empty sequence', '::'],
    ['two members', `${sequence(LEAF)}, ${sequence(LEAF)}`],
    ['two members, joined by a proxy', `${sequence(LEAF)},${sequence(LEAF)}`],
    ['an empty second member', `${sequence(LEAF)},`],
    ['a parameter', `${sequence(LEAF)};a=1`],
    ['a text', '"YWI="'],
    ['no padding', ':YWI:'],
    ['too much padding', ':YWI==:'],
    ['padding inside', ':YW=I:'],
    ['unused bits that are set', ':YWJ=:'],
    ['the other alphabet', ':_-A=:'],
    ['a space inside', ':YW I=:'],
    ['a line feed inside', ':YW\nI=:'],
    ['a line feed behind', `${sequence(LEAF)}\n`],
    ['a colon inside', ':YW:I=:'],
    ['percent-encoding', ':YWI%3D:'],
    ['PEM', '-----BEGIN CERTIFICATE-----'],
  ];
  for (const [name, text] of refused) {
    it(`is not ${name}`, () => {
      const read = readClientCert(text);
      assert.ok(isFailure(read) && read.reason === 'authn.invalid_identity');
    });
  }

  it('takes the letters of base64 and no other byte', () => {
    for (let code = 0; code < 256; code++) {
      const letter = String.fromCharCode(code);
      const read = readClientCert(`:YW${letter}h:`);
      assert.equal(!isFailure(read), /[A-Za-z0-9+/]/.test(letter), `${code}`);
    }
  });

  it('is bounded', () => {
    assert.ok(!isFailure(readClientCert(sequence(Buffer.alloc(CERTIFICATE_BYTES_MAX)))));
    assert.ok(isFailure(readClientCert(sequence(Buffer.alloc(CERTIFICATE_BYTES_MAX + 1)))));
    assert.ok(isFailure(readClientCert(' '.repeat(CREDENTIAL_HEADER_TEXT_MAX + 1))));
    const before = process.cpuUsage();
    readClientCert(`:${' '.repeat(CREDENTIAL_HEADER_TEXT_MAX - 2)}a`);
    readClientCertChain(`${' '.repeat(CREDENTIAL_HEADER_TEXT_MAX - 1)}a`);
    assert.ok(process.cpuUsage(before).user < 500_000);
  });
});

describe('C-011: Client-Cert-Chain', () => {
  it('is the DER of some certificates, in order', () => {
    assert.deepEqual(readClientCertChain(sequence(SIGNER)), [SIGNER]);
    const list = `${sequence(SIGNER)} ,\t${sequence(TWO)}`;
    assert.deepEqual(readClientCertChain(list), [SIGNER, TWO]);
  });

  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['an empty member', `${sequence(TWO)},,${sequence(TWO)}`],
    ['a comma at the end', `${sequence(TWO)},`],
    ['a member that is none', `${sequence(TWO)},a`],
    ['a parameter', `${sequence(TWO)};a,${sequence(TWO)}`],
    ['members without a comma', `${sequence(TWO)} ${sequence(TWO)}`],
    [
      'too many',
      Array(PEER_CHAIN_MAX + 1)
        .fill(sequence(TWO))
        .join(','),
    ],
    ['too long', `${sequence(TWO)},${' '.repeat(CREDENTIAL_HEADER_TEXT_MAX)}`],
  ];
  for (const [name, text] of refused) {
    it(`is not ${name}`, () => {
      const read = readClientCertChain(text);
      assert.ok(isFailure(read) && read.reason === 'authn.invalid_identity');
    });
  }

  it('is as many as may be sent', () => {
    const list = Array(PEER_CHAIN_MAX).fill(sequence(TWO)).join(',');
    assert.deepEqual(readClientCertChain(list), Array(PEER_CHAIN_MAX).fill(TWO));
  });
});
