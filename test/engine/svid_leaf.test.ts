// A corpus of certificates that are wrong in one way each (C-110), made from a good one by changing
// one field.

import assert from 'node:assert/strict';
import * as asn from '@peculiar/asn1-x509';
import {
  basicConstraints,
  ed25519KeysOf,
  extension,
  HOUR_MS,
  keysOf,
  keyUsage,
  makeSvid,
  NOW,
  nameConstraints,
  names,
  purposes,
  RSA_SHA256,
  rsaKeysOf,
  svidExtensions,
  type Template,
  uris,
} from '../support/certificates.ts';
import { fastestMs } from '../support/linear.ts';
import { BOTH, ID, resultOf, UNKNOWN_OID, withExtensions } from './svid_fixture.ts';

const { digitalSignature, keyCertSign, cRLSign } = asn.KeyUsageFlags;
const san = uris(ID);

/** An SPKI with an RSA key of these numbers, which nobody has to be able to use. */
function rsaKey(modulusBytes: number, exponent = Buffer.from([1, 0, 1])): Partial<Template> {
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    const { length } = content;
    const head =
      length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length];
    return Buffer.concat([Buffer.from([tag, ...head]), content]);
  };
  const modulus = Buffer.alloc(modulusBytes, 0xff);
  const algorithm = Buffer.from('300d06092a864886f70d0101010500', 'hex');
  const key = der(0x30, der(2, Buffer.from([0]), modulus), der(2, exponent));
  const spki = der(0x30, algorithm, der(3, Buffer.from([0]), key));
  return { subjectPublicKeyInfo: new Uint8Array(spki) };
}

type Row = readonly [name: string, changes: Partial<Template>, want: string];

const good: Row[] = [
  ['as it should be', {}, ID],
  ['with both purposes', withExtensions(...svidExtensions(san), purposes(...BOTH)), ID],
  ['without basic constraints', withExtensions(keyUsage(), san), ID],
  ['with more usages', withExtensions(keyUsage(digitalSignature | 4 | 16), san), ID],
  [
    'with a host name beside it',
    withExtensions(keyUsage(), names({ uniformResourceIdentifier: ID }, { dNSName: 'a.b' })),
    ID,
  ],
  [
    'with an unknown extension that is not critical',
    withExtensions(keyUsage(), san, extension(UNKNOWN_OID, false, new asn.KeyUsage(1))),
    ID,
  ],
  ['with a P-384 key', { keys: keysOf('leaf', 'P-384') }, ID],
  ['with a P-521 key', { keys: keysOf('leaf', 'P-521') }, ID],
  ['with an Ed25519 key', { keys: ed25519KeysOf('leaf') }, ID],
  ['with an RSA key', { keys: rsaKeysOf('leaf') }, ID],
  ['with an RSA key of 8192 bits', rsaKey(1024), ID],
  ['signed by ECDSA with SHA-512', { algorithm: '1.2.840.10045.4.3.4', digest: 'sha512' }, ID],
  ['at its first second', { notBefore: NOW }, ID],
  ['at its last second', { notAfter: NOW }, ID],
  ['valid beyond 2050', { notAfter: Date.parse('2060-01-01T00:00:00Z') }, ID],
];

const bad: Row[] = [
  ['without a name', withExtensions(keyUsage()), 'authn.invalid_identity'],
  [
    'with a host name only',
    withExtensions(keyUsage(), names({ dNSName: 'a.b' })),
    'authn.invalid_identity',
  ],
  ['with its ID twice', withExtensions(keyUsage(), uris(ID, ID)), 'authn.invalid_identity'],
  [
    'with another URI',
    withExtensions(keyUsage(), uris(ID, 'https://a.b')),
    'authn.invalid_identity',
  ],
  [
    'with another URI first',
    withExtensions(keyUsage(), uris('https://a.b', ID)),
    'authn.invalid_identity',
  ],
  [
    'with its ID in two extensions',
    withExtensions(keyUsage(), san, uris(ID)),
    'authn.invalid_identity',
  ],
  [
    'with the ID of a trust domain',
    withExtensions(keyUsage(), uris('spiffe://prod.example')),
    'authn.invalid_identity',
  ],
  [
    'with an ID that ends early',
    withExtensions(keyUsage(), uris(`${ID}\u0000.evil`)),
    'authn.invalid_identity',
  ],
  [
    'with an ID in other letters',
    withExtensions(keyUsage(), uris(ID.replace('a', '\u00e4'))),
    'authn.invalid_identity',
  ],
  [
    'with an ID in capitals',
    withExtensions(keyUsage(), uris(ID.toUpperCase())),
    'authn.invalid_identity',
  ],
  [
    'with 10,000 names',
    withExtensions(keyUsage(), uris(...Array<string>(10_000).fill(ID))),
    'authn.invalid_identity',
  ],
  [
    'with 129 names',
    withExtensions(
      keyUsage(),
      names({ uniformResourceIdentifier: ID }, ...Array<object>(128).fill({ dNSName: 'a' })),
    ),
    'authn.invalid_identity',
  ],
  [
    'that is an authority',
    withExtensions(basicConstraints(true), keyUsage(), san),
    'authn.invalid_identity',
  ],
  ['without usages', withExtensions(basicConstraints(false), san), 'authn.invalid_identity'],
  [
    'whose usages are not critical',
    withExtensions(keyUsage(digitalSignature, false), san),
    'authn.invalid_identity',
  ],
  ['that may not sign', withExtensions(keyUsage(4), san), 'authn.invalid_identity'],
  [
    'that may sign certificates',
    withExtensions(keyUsage(digitalSignature | keyCertSign), san),
    'authn.invalid_identity',
  ],
  [
    'that may sign revocations',
    withExtensions(keyUsage(digitalSignature | cRLSign), san),
    'authn.invalid_identity',
  ],
  [
    'for servers only',
    withExtensions(keyUsage(), san, purposes(asn.id_kp_serverAuth)),
    'authn.invalid_identity',
  ],
  [
    'for clients only',
    withExtensions(keyUsage(), san, purposes(asn.id_kp_clientAuth)),
    'authn.invalid_identity',
  ],
  [
    'for code',
    withExtensions(keyUsage(), san, purposes(asn.id_kp_codeSigning)),
    'authn.invalid_identity',
  ],
  [
    'for any purpose, in that word',
    withExtensions(keyUsage(), san, purposes('2.5.29.37.0')),
    'authn.invalid_identity',
  ],
  [
    'with an unknown critical extension',
    withExtensions(keyUsage(), san, extension(UNKNOWN_OID, true, new asn.KeyUsage(1))),
    'authn.invalid_identity',
  ],
  [
    'with constraints of its own',
    withExtensions(keyUsage(), san, nameConstraints([{ dNSName: 'a' }])),
    'authn.invalid_identity',
  ],
  ['of version 1', { version: asn.Version.v1 }, 'authn.invalid_identity'],
  [
    'signed with SHA-1',
    { algorithm: '1.2.840.10045.4.1', digest: 'sha1' },
    'authn.invalid_identity',
  ],
  [
    'signed with MD5',
    { signedBy: rsaKeysOf('md5'), algorithm: '1.2.840.113549.1.1.4', digest: 'md5' },
    'authn.invalid_identity',
  ],
  [
    'signed with RSA and SHA-1',
    { signedBy: rsaKeysOf('md5'), algorithm: '1.2.840.113549.1.1.5', digest: 'sha1' },
    'authn.invalid_identity',
  ],
  [
    'with parameters where none belong',
    { parameters: new Uint8Array([5, 0]).buffer },
    'authn.invalid_identity',
  ],
  ['with an RSA key of 1024 bits', { keys: rsaKeysOf('leaf', 1024) }, 'authn.invalid_identity'],
  ['with an RSA key of 2047 bits', rsaKey(255), 'authn.invalid_identity'],
  ['with an RSA key of 8200 bits', rsaKey(1025), 'authn.invalid_identity'],
  ['with an RSA key of 16,384 bits', rsaKey(2048), 'authn.invalid_identity'],
  ['with the RSA exponent 1', rsaKey(256, Buffer.from([1])), 'authn.invalid_identity'],
  ['with the RSA exponent 3', rsaKey(256, Buffer.from([3])), 'authn.invalid_identity'],
  ['with an even RSA exponent', rsaKey(256, Buffer.from([1, 0, 2])), 'authn.invalid_identity'],
  ['with a huge RSA exponent', rsaKey(256, Buffer.alloc(32, 1)), 'authn.invalid_identity'],
  ['with a secp256k1 key', { keys: keysOf('leaf', 'secp256k1') }, 'authn.invalid_identity'],
  [
    'of another trust domain',
    withExtensions(keyUsage(), uris('spiffe://other.example/a')),
    'authn.untrusted_issuer',
  ],
  [
    'of a trust domain that begins with ours',
    withExtensions(keyUsage(), uris('spiffe://prod.example.evil/a')),
    'authn.untrusted_issuer',
  ],
  [
    'signed by an unknown authority',
    { issuer: 'nobody', signedBy: keysOf('nobody') },
    'authn.untrusted_issuer',
  ],
  [
    'signed by an authority that has only the name',
    { signedBy: keysOf('impostor') },
    'authn.untrusted_issuer',
  ],
  ['signed by itself', { subject: 'root', signedBy: keysOf('leaf') }, 'authn.untrusted_issuer'],
  [
    'that says RSA over an ECDSA authority',
    { algorithm: RSA_SHA256, parameters: new Uint8Array([5, 0]).buffer },
    'authn.untrusted_issuer',
  ],
  ['that begins in a second', { notBefore: NOW + 1000 }, 'authn.not_yet_valid'],
  ['that ended a second ago', { notAfter: NOW - 1000 }, 'authn.expired'],
  [
    'that ends before it begins',
    { notBefore: NOW + HOUR_MS, notAfter: NOW - HOUR_MS },
    'authn.not_yet_valid',
  ],
];

describe('C-110: a certificate', () => {
  for (const [name, changes, want] of good) {
    it(`${name} proves its workload`, () => {
      assert.equal(resultOf(makeSvid(ID, 'root', changes)), want);
    });
  }
  for (const [name, changes, want] of bad) {
    it(`${name} proves nothing: ${want}`, () => {
      assert.equal(resultOf(makeSvid(ID, 'root', changes)), want);
    });
  }

  it('is refused for its key before anything is computed with it', () => {
    const leaf = makeSvid(ID, 'root', rsaKey(2048));
    const good = makeSvid(ID, 'root');
    const look = (it: typeof leaf) => () => {
      for (let i = 0; i < 5; i++) resultOf(it);
    };
    assert.ok(fastestMs(look(leaf)) < 3 * fastestMs(look(good)));
  });
});
