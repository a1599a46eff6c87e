// A throw-away certificate authority and the X509-SVIDs it signs (SPIFFE X509-SVID, sections 3 and
// 4). For the demo and the tests only: keys live in memory until the caller writes them somewhere.

import { webcrypto } from 'node:crypto';
import './reflect_metadata.ts';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;
// Clocks of two processes on one machine agree, but whole seconds are rounded down in X.509.
const BACKDATED_MS = 60_000;

/** A signing key with its self-signed certificate, which is the trust domain's whole bundle. */
export interface CertificateAuthority {
  readonly trustDomain: string;
  readonly certificatePem: string;
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

/** A certificate that names one SPIFFE ID, and its private key. */
export interface Svid {
  readonly spiffeId: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** How an SVID may differ from the ordinary one; `extraUris` makes it invalid on purpose. */
export interface SvidOptions {
  /** From notBefore to notAfter; default one hour. */
  readonly lifetimeMs?: number;
  /** Default one minute ago. */
  readonly notBefore?: Date;
  readonly extraUris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Makes the authority of a trust domain, valid for a day. */
export async function makeCa(trustDomain: string): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(ES256, true, ['sign', 'verify']);
  const now = Date.now();
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `O=Remit demo, CN=${trustDomain}`,
    keys,
    signingAlgorithm: ES256,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + 24 * HOUR_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(usages, true),
      // A signing certificate's SPIFFE ID is that of the trust domain, without a path.
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certificatePem = `${certificate.toString('pem')}\n`;
  return { trustDomain, certificatePem, certificate, privateKey: keys.privateKey };
}

/**
 * Signs an SVID. The ID may be of another trust domain than the authority's: that is how the tests
 * make a peer which Envoy's TLS accepts and Remit must not.
 */
export async function issueSvid(
  ca: CertificateAuthority,
  spiffeId: string,
  options: SvidOptions = {},
): Promise<Svid> {
  const keys = await webcrypto.subtle.generateKey(ES256, true, ['sign', 'verify']);
  const notBefore = options.notBefore ?? new Date(Date.now() - BACKDATED_MS);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'O=Remit demo',
    issuer: ca.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: ca.privateKey,
    signingAlgorithm: ES256,
    notBefore,
    notAfter: new Date(notBefore.getTime() + (options.lifetimeMs ?? HOUR_MS)),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(spiffeId, options)),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    spiffeId,
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

function alternativeNames(spiffeId: string, options: SvidOptions): x509.JsonGeneralNames {
  const uris = [spiffeId, ...(options.extraUris ?? [])];
  return [
    ...uris.map((value) => ({ type: 'url' as const, value })),
    ...(options.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(options.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
}
