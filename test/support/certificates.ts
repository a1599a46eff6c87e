// Certificates for tests, field by field, so that each field can be wrong on purpose. Signed by
// node:crypto, encoded by `@peculiar/asn1-x509`; keys are made once, as that takes longest.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as asn from '@peculiar/asn1-x509';

export const HOUR_MS = 3_600_000;
export const NOW = Date.parse('2026-11-22T12:00:00Z');

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
export const RSA_SHA256 = '1.2.840.113549.1.1.11';

const made = new Map<string, Keys>();

/** P-256 keys, the same for the same name. */
export function keysOf(name: string, curve = 'P-256'): Keys {
  return kept(`${curve} ${name}`, () => generateKeyPairSync('ec', { namedCurve: curve }));
}

export function rsaKeysOf(name: string, modulusLength = 2048): Keys {
  const make = () => generateKeyPairSync('rsa', { modulusLength });
  return kept(`rsa ${modulusLength} ${name}`, make);
}

export function ed25519KeysOf(name: string): Keys {
  return kept(`ed25519 ${name}`, () => generateKeyPairSync('ed25519'));
}

function kept(name: string, make: () => Keys): Keys {
  const keys = made.get(name) ?? make();
  made.set(name, keys);
  return keys;
}

export interface Template {
  readonly subject?: string;
  readonly issuer: string;
  readonly keys: Keys;
  readonly signedBy: Keys;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly serial?: string;
  readonly extensions: readonly asn.Extension[];
  /** Instead of that of `keys`. */
  readonly subjectPublicKeyInfo?: Uint8Array<ArrayBuffer>;
  readonly algorithm?: string;
  /** Null only for RSA. */
  readonly parameters?: ArrayBuffer | null;
  readonly digest?: string | null;
  readonly version?: number;
}

const NULL = new Uint8Array([5, 0]).buffer;

/** DER. */
export function makeCertificate(template: Template): Buffer {
  const { keys, signedBy, algorithm = ECDSA_SHA256, digest = 'sha256' } = template;
  const rsa = signedBy.privateKey.asymmetricKeyType === 'rsa';
  const { parameters = rsa ? NULL : undefined } = template;
  const identifier = new asn.AlgorithmIdentifier({
    algorithm,
    ...(parameters !== undefined && { parameters }),
  });
  const spki =
    template.subjectPublicKeyInfo ??
    new Uint8Array(keys.publicKey.export({ type: 'spki', format: 'der' }));
  const tbs = new asn.TBSCertificate({
    version: template.version ?? asn.Version.v3,
    serialNumber: new Uint8Array(Buffer.from(template.serial ?? '0102', 'hex')).buffer,
    signature: identifier,
    issuer: nameOf(template.issuer),
    validity: new asn.Validity({
      notBefore: new Date(template.notBefore ?? NOW - HOUR_MS),
      notAfter: new Date(template.notAfter ?? NOW + HOUR_MS),
    }),
    subject: nameOf(template.subject ?? ''),
    subjectPublicKeyInfo: AsnConvert.parse(spki, asn.SubjectPublicKeyInfo),
    extensions: new asn.Extensions([...template.extensions]),
  });
  const signed = Buffer.from(AsnConvert.serialize(tbs));
  const certificate = new asn.Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: identifier,
    signatureValue: new Uint8Array(sign(digest, signed, signedBy.privateKey)).buffer,
  });
  return Buffer.from(AsnConvert.serialize(certificate));
}

function nameOf(commonName: string): asn.Name {
  if (commonName === '') return new asn.Name([]);
  const value = new asn.AttributeValue({ utf8String: commonName });
  const attribute = new asn.AttributeTypeAndValue({ type: '2.5.4.3', value });
  return new asn.Name([new asn.RelativeDistinguishedName([attribute])]);
}

export function extension(extnID: string, critical: boolean, value: unknown): asn.Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new asn.Extension({ extnID, critical, extnValue });
}

const { digitalSignature, keyCertSign, cRLSign } = asn.KeyUsageFlags;

export function keyUsage(flags: number = digitalSignature, critical = true): asn.Extension {
  return extension(asn.id_ce_keyUsage, critical, new asn.KeyUsage(flags));
}

export function basicConstraints(cA: boolean, pathLength?: number): asn.Extension {
  const value = new asn.BasicConstraints({
    cA,
    ...(pathLength !== undefined && { pathLenConstraint: pathLength }),
  });
  return extension(asn.id_ce_basicConstraints, true, value);
}

export function purposes(...identifiers: string[]): asn.Extension {
  return extension(asn.id_ce_extKeyUsage, false, new asn.ExtendedKeyUsage(identifiers));
}

export function names(...list: Partial<asn.GeneralName>[]): asn.Extension {
  const value = new asn.SubjectAlternativeName(list.map((it) => new asn.GeneralName(it)));
  return extension(asn.id_ce_subjectAltName, false, value);
}

export function uris(...list: string[]): asn.Extension {
  return names(...list.map((uniformResourceIdentifier) => ({ uniformResourceIdentifier })));
}

/** The constraints of an authority, of the forms of a name. */
export function nameConstraints(
  permitted: readonly Partial<asn.GeneralName>[],
  excluded: readonly Partial<asn.GeneralName>[] = [],
): asn.Extension {
  const subtrees = (of: readonly Partial<asn.GeneralName>[]) =>
    new asn.GeneralSubtrees(
      of.map((it) => new asn.GeneralSubtree({ base: new asn.GeneralName(it), minimum: 0 })),
    );
  const value = new asn.NameConstraints({
    ...(permitted.length > 0 && { permittedSubtrees: subtrees(permitted) }),
    ...(excluded.length > 0 && { excludedSubtrees: subtrees(excluded) }),
  });
  return extension(asn.id_ce_nameConstraints, true, value);
}

/** An authority, named and keyed by `name`; self-signed unless it says by whom it is signed. */
export function makeAuthority(name: string, changes: Partial<Template> = {}): Buffer {
  return makeCertificate({
    subject: name,
    issuer: name,
    keys: keysOf(name),
    signedBy: keysOf(changes.issuer ?? name),
    notBefore: NOW - 24 * HOUR_MS,
    notAfter: NOW + 24 * HOUR_MS,
    extensions: [basicConstraints(true), keyUsage(keyCertSign | cRLSign)],
    ...changes,
  });
}

/** The SVID of a workload, signed by the authority named `issuer`. */
export function makeSvid(id: string, issuer: string, changes: Partial<Template> = {}): Buffer {
  return makeCertificate({
    issuer,
    keys: keysOf('leaf'),
    signedBy: keysOf(issuer),
    extensions: svidExtensions(uris(id)),
    ...changes,
  });
}

export function svidExtensions(subjectAltName: asn.Extension): asn.Extension[] {
  return [basicConstraints(false), keyUsage(), subjectAltName];
}

export function pemOf(...ders: readonly Buffer[]): string {
  return ders
    .map((der) => {
      const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
    })
    .join('');
}

/** As Envoy encodes it in `source.certificate`. */
export function sentForm(der: Buffer): string {
  return pemOf(der).replace(/[\n +/=]/g, encodeURIComponent);
}
