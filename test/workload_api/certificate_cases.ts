// X509-SVIDs, good ones and ones with a single thing wrong, for two implementations to agree on.
// `stricter` says why ours refuses what the other accepts; nothing may differ the other way round.

import * as asn from '@peculiar/asn1-x509';
import {
  basicConstraints,
  ed25519KeysOf,
  extension,
  HOUR_MS,
  keysOf,
  keyUsage,
  makeAuthority,
  makeCertificate,
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

export interface CertificateCase {
  readonly name: string;
  readonly chain: readonly Buffer[];
  readonly nowMs: number;
  /** Why we refuse what go-spiffe accepts. */
  readonly stricter?: string;
}

const ID = 'spiffe://prod.example/ns/shop/sa/checkout';
const ED25519 = '1.3.101.112';
const ECDSA_SHA1 = '1.2.840.10045.4.1';
const { serverAuth, clientAuth } = {
  serverAuth: asn.id_kp_serverAuth,
  clientAuth: asn.id_kp_clientAuth,
};
const { digitalSignature, keyCertSign, cRLSign } = asn.KeyUsageFlags;

const RSA_SIGNED = { signedBy: rsaKeysOf('rsa root'), algorithm: RSA_SHA256 };
const ED_SIGNED = { signedBy: ed25519KeysOf('ed root'), algorithm: ED25519, digest: null };

/** Authorities of `prod.example`, and one domain more, whose authority has a name of the first. */
export const ROOTS: Readonly<Record<string, readonly Buffer[]>> = {
  'prod.example': [
    makeAuthority('root'),
    makeAuthority('rsa root', { keys: rsaKeysOf('rsa root'), ...RSA_SIGNED }),
    makeAuthority('ed root', { keys: ed25519KeysOf('ed root'), ...ED_SIGNED }),
    makeAuthority('old root', { notAfter: NOW - HOUR_MS }),
    makeAuthority('short root', {
      extensions: [basicConstraints(true, 0), keyUsage(keyCertSign | cRLSign)],
    }),
  ],
  'other.example': [makeAuthority('root', { keys: keysOf('other'), signedBy: keysOf('other') })],
  'empty.example': [],
};

const svid = (changes: Partial<Template> = {}, id = ID): Buffer => makeSvid(id, 'root', changes);
const withNames = (...list: asn.Extension[]): Partial<Template> => ({
  extensions: [basicConstraints(false), keyUsage(), ...list],
});
const between = (name: string, issuer: string, changes: Partial<Template> = {}): Buffer =>
  makeAuthority(name, { issuer, ...changes });

function one(name: string, changes: Partial<Template>, stricter?: string): CertificateCase {
  return { name, chain: [svid(changes)], nowMs: NOW, ...(stricter !== undefined && { stricter }) };
}

function chainOf(name: string, ...chain: Buffer[]): CertificateCase {
  return { name, chain, nowMs: NOW };
}

function named(uri: string, stricter?: string): CertificateCase {
  return one(`the name ${uri}`, withNames(uris(uri)), stricter);
}

const at = (name: string, nowMs: number, changes: Partial<Template> = {}): CertificateCase => ({
  ...one(name, changes),
  nowMs,
});

function keys(): CertificateCase[] {
  return [
    one('a key on P-256', {}),
    one('a key on P-384', { keys: keysOf('leaf', 'P-384') }),
    one('a key on P-521', { keys: keysOf('leaf', 'P-521') }),
    one('an RSA key', { keys: rsaKeysOf('leaf') }),
    one('an Ed25519 key', { keys: ed25519KeysOf('leaf') }),
    one('an RSA key of 1024 bits', { keys: rsaKeysOf('weak', 1024) }, 'it is too short'),
    one('signed with RSA', { issuer: 'rsa root', ...RSA_SIGNED }),
    one('signed with Ed25519', { issuer: 'ed root', ...ED_SIGNED }),
    one('signed with SHA-1', { algorithm: ECDSA_SHA1, digest: 'sha1' }),
    one('signed by another key of that name', { signedBy: keysOf('other') }),
    one('signed by itself', { issuer: '', signedBy: keysOf('leaf') }),
    one('of an issuer that nobody knows', { issuer: 'nobody' }),
  ];
}

function extensions(): CertificateCase[] {
  const usage = (flags: number, critical?: boolean): Partial<Template> => ({
    extensions: [basicConstraints(false), keyUsage(flags, critical), uris(ID)],
  });
  const purpose = (...list: string[]): Partial<Template> => ({
    extensions: [...svidExtensions(uris(ID)), purposes(...list)],
  });
  const unknown = (critical: boolean): Partial<Template> => ({
    extensions: [
      ...svidExtensions(uris(ID)),
      extension('1.3.6.1.4.1.99999.1', critical, new asn.KeyUsage(1)),
    ],
  });
  const both = 'X509-SVID section 4.4: serverAuth and clientAuth';
  return [
    one('an authority', { extensions: [basicConstraints(true), keyUsage(), uris(ID)] }),
    one('without basic constraints', { extensions: [keyUsage(), uris(ID)] }),
    one('may sign certificates', usage(digitalSignature | keyCertSign)),
    one('may sign revocation lists', usage(digitalSignature | cRLSign)),
    one('may agree on keys too', usage(digitalSignature | asn.KeyUsageFlags.keyAgreement)),
    one('without digitalSignature', usage(asn.KeyUsageFlags.keyAgreement), 'section 4.3'),
    one('a usage that is not critical', usage(digitalSignature, false), 'section 4.3'),
    one('no usage', { extensions: [basicConstraints(false), uris(ID)] }, 'section 4.3'),
    one('both purposes', purpose(serverAuth, clientAuth)),
    one('the purpose of a server', purpose(serverAuth), both),
    one('the purpose of a client', purpose(clientAuth), both),
    one('the purpose of code', purpose(asn.id_kp_codeSigning), both),
    one('an unknown extension', unknown(false)),
    one('an unknown critical extension', unknown(true)),
  ];
}

function identities(): CertificateCase[] {
  return [
    one('no name', withNames()),
    one('a DNS name alone', withNames(names({ dNSName: 'prod.example' }))),
    one('a DNS name beside the ID', {
      extensions: svidExtensions(names({ dNSName: 'a.b' }, { uniformResourceIdentifier: ID })),
    }),
    one('two IDs', withNames(uris(ID, `${ID}2`))),
    one('the ID twice', withNames(uris(ID, ID))),
    one('another URI beside the ID', withNames(uris(ID, 'https://prod.example/'))),
    named('https://prod.example/ns'),
    named('spiffe://PROD.example/ns'),
    named('spiffe://prod.example:443/ns'),
    named('spiffe://user@prod.example/ns'),
    named('spiffe://prod.example/ns/'),
    named('spiffe://prod.example//ns'),
    named('spiffe://prod.example/ns/../a'),
    named('spiffe://prod.example/ns/.../a'),
    named('spiffe://prod.example/ns%2fa'),
    named('spiffe://prod.example/ns?a=b'),
    named('spiffe://prod.example/ns#a'),
    named('spiffe:///ns/shop'),
    named('spiffe://prod.example/Ns_-.1'),
    named('spiffe://prod.example', 'section 5.2: the leaf names a workload'),
    named('spiffe://unknown.example/ns'),
    named('spiffe://other.example/ns'),
    named('spiffe://empty.example/ns'),
  ];
}

function times(): CertificateCase[] {
  const ends = { notBefore: NOW - HOUR_MS, notAfter: NOW };
  return [
    at('the first second', NOW, { notBefore: NOW }),
    at('the second before', NOW - 1_000, { notBefore: NOW }),
    at('the last second', NOW, ends),
    at('the second after', NOW + 1_000, ends),
    at('an authority whose time is over', NOW, { issuer: 'old root' }),
  ];
}

function paths(): CertificateCase[] {
  const leaf = svid({ issuer: 'signer', signedBy: keysOf('signer') });
  const signer = (changes: Partial<Template> = {}) => between('signer', 'root', changes);
  const usage = keyUsage(keyCertSign);
  const limited = (domain: string) =>
    signer({
      extensions: [
        basicConstraints(true),
        usage,
        nameConstraints([{ uniformResourceIdentifier: domain }]),
      ],
    });
  const upper = between('upper', 'root');
  const short = between('signer', 'short root');
  return [
    chainOf('one signer between', leaf, signer()),
    chainOf('the signer is missing', leaf),
    chainOf('two signers between', leaf, between('signer', 'upper'), upper),
    chainOf('two signers in the other order', leaf, upper, between('signer', 'upper')),
    chainOf('one of two is missing', leaf, between('signer', 'upper')),
    chainOf('a stranger beside the signer', leaf, signer(), between('stranger', 'root')),
    chainOf('the root is sent along', leaf, signer(), ROOTS['prod.example']![0]!),
    chainOf(
      'a root that nobody trusts is sent along',
      leaf,
      between('signer', 'evil'),
      makeAuthority('evil'),
    ),
    chainOf(
      'the signer is no authority',
      leaf,
      signer({ extensions: [basicConstraints(false), usage] }),
    ),
    chainOf(
      'the signer may not sign',
      leaf,
      signer({ extensions: [basicConstraints(true), keyUsage()] }),
    ),
    chainOf('the time of the signer is over', leaf, signer({ notAfter: NOW - HOUR_MS })),
    chainOf(
      'a path longer than its authority allows',
      leaf,
      between('signer', 'middle'),
      between('middle', 'short root'),
    ),
    chainOf('a path as long as its authority allows not', leaf, short),
    chainOf('names that the signer may vouch for', leaf, limited('prod.example')),
    chainOf('names that the signer may not vouch for', leaf, limited('other.example')),
  ];
}

/** Bytes that are changed one bit each, at places that follow from their number. */
function changed(): CertificateCase[] {
  const good = svid();
  const flips = Array.from({ length: 16 }, (_, index) => {
    const bytes = Buffer.from(good);
    const place = Math.floor(((index * 0.618_034) % 1) * bytes.length);
    bytes[place]! ^= 1 << (index % 8);
    return chainOf(`bit ${index % 8} of byte ${place} is another`, bytes);
  });
  return [
    ...flips,
    chainOf('a byte too many', Buffer.concat([good, Buffer.alloc(1)])),
    chainOf('a byte too few', good.subarray(0, -1)),
    chainOf('nothing of it', Buffer.alloc(0)),
    chainOf(
      'another version',
      makeCertificate({
        issuer: 'root',
        keys: keysOf('leaf'),
        signedBy: keysOf('root'),
        version: 1,
        extensions: svidExtensions(uris(ID)),
      }),
    ),
  ];
}

export function certificateCases(): readonly CertificateCase[] {
  return [...keys(), ...extensions(), ...identities(), ...times(), ...paths(), ...changed()];
}
