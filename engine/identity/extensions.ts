// The extensions of a certificate (RFC 5280 section 4.2) that an SVID and its signers are judged
// by. Each may stand once; a critical one that is not in this file's table is not understood, and
// so nothing may be built on its certificate.

import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  KeyUsage,
} from '@peculiar/asn1-x509';
import { CERTIFICATE_NAMES_MAX } from '../limits.ts';
import { checkDer, DerReader, type Element, NOT_DER, TAG } from './der.ts';

/** Content of the object identifier, hexadecimal: all are 2.5.29.x. */
const ID = {
  subjectKeyIdentifier: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
  certificatePolicies: '551d20',
  authorityKeyIdentifier: '551d23',
  extKeyUsage: '551d25',
} as const;
const KNOWN: ReadonlySet<string> = new Set(Object.values(ID));

/** GeneralName ::= CHOICE: the tag of its form is all that most forms are looked at for. */
const URI_NAME = 0x86;

export interface Extensions {
  readonly isCa: boolean;
  /** How many more signers may follow; undefined for any number. */
  readonly pathLength: number | undefined;
  readonly keyUsage: KeyUsages | undefined;
  /** Object identifiers, undefined when every use is allowed. */
  readonly purposes: readonly string[] | undefined;
  /** Names of the form URI, as they stand there. */
  readonly uris: readonly string[];
  /** The tag of each name, of whatever form. */
  readonly nameForms: readonly number[];
  /** DER of the extension, read once a path needs it. */
  readonly nameConstraints: Buffer | undefined;
  /** Hexadecimal; they only say where to look first. */
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  readonly hasUnknownCritical: boolean;
}

export interface KeyUsages {
  readonly critical: boolean;
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** @param fields stands before `Extensions`, the content of field 3 */
export function readExtensions(der: Buffer, fields: DerReader): Extensions {
  const list = fields.inside(fields.expect(TAG.sequence));
  fields.finish();
  const found = new Map<string, Extension>();
  let hasUnknownCritical = false;
  while (!list.done) {
    const { id, ...extension } = readExtension(der, list.inside(list.expect(TAG.sequence)));
    // Of two, each reader would take another one.
    if (found.has(id)) throw NOT_DER;
    found.set(id, extension);
    if (extension.critical && !KNOWN.has(id)) hasUnknownCritical = true;
  }
  const constraints = readBasicConstraints(found.get(ID.basicConstraints));
  const names = readNames(found.get(ID.subjectAltName));
  return {
    isCa: constraints?.cA ?? false,
    pathLength: constraints?.pathLenConstraint,
    keyUsage: readKeyUsage(found.get(ID.keyUsage)),
    purposes: readPurposes(found.get(ID.extKeyUsage)),
    uris: names.uris,
    nameForms: names.forms,
    nameConstraints: found.get(ID.nameConstraints)?.value,
    subjectKeyId: readSubjectKeyId(found.get(ID.subjectKeyIdentifier)),
    authorityKeyId: readAuthorityKeyId(found.get(ID.authorityKeyIdentifier)),
    hasUnknownCritical,
  };
}

function readExtension(der: Buffer, fields: DerReader): Extension & { readonly id: string } {
  const id = fields.expect(TAG.objectIdentifier);
  const flag = fields.optional(TAG.boolean);
  // The default is never written out in DER.
  if (flag !== undefined && der[flag.content] === 0) throw NOT_DER;
  const { content, end } = fields.expect(TAG.octetString);
  fields.finish();
  return {
    id: der.toString('hex', id.content, id.end),
    critical: flag !== undefined,
    value: der.subarray(content, end),
  };
}

/** What the schema's library reads, of bytes that are canonical; what it throws becomes NOT_DER. */
export function readSchema<T>(value: Buffer, schema: new () => T): T {
  checkDer(value);
  try {
    return AsnConvert.parse(value, schema);
  } catch {
    throw NOT_DER;
  }
}

function readBasicConstraints(extension: Extension | undefined): BasicConstraints | undefined {
  if (extension === undefined) return undefined;
  const constraints = readSchema(extension.value, BasicConstraints);
  // A number beyond 32 bits comes as text.
  const length: unknown = constraints.pathLenConstraint;
  if (length === undefined) return constraints;
  if (typeof length !== 'number' || length < 0 || !constraints.cA) throw NOT_DER;
  return constraints;
}

function readKeyUsage(extension: Extension | undefined): KeyUsages | undefined {
  if (extension === undefined) return undefined;
  const usages = readSchema(extension.value, KeyUsage).toJSON();
  return {
    critical: extension.critical,
    digitalSignature: usages.includes('digitalSignature'),
    keyCertSign: usages.includes('keyCertSign'),
    crlSign: usages.includes('crlSign'),
  };
}

function readPurposes(extension: Extension | undefined): readonly string[] | undefined {
  return extension && [...readSchema(extension.value, ExtendedKeyUsage)];
}

function readSubjectKeyId(extension: Extension | undefined): string | undefined {
  if (extension === undefined) return undefined;
  checkDer(extension.value);
  const { content, end } = new DerReader(extension.value).expect(TAG.octetString);
  return extension.value.toString('hex', content, end);
}

function readAuthorityKeyId(extension: Extension | undefined): string | undefined {
  if (extension === undefined) return undefined;
  const { keyIdentifier } = readSchema(extension.value, AuthorityKeyIdentifier);
  return keyIdentifier && Buffer.from(keyIdentifier.buffer).toString('hex');
}

/** Read here and not by the schema: a name costs it more than a signature costs us. */
function readNames(extension: Extension | undefined): {
  readonly uris: readonly string[];
  readonly forms: readonly number[];
} {
  const uris: string[] = [];
  const forms: number[] = [];
  if (extension === undefined) return { uris, forms };
  const { value } = extension;
  checkDer(value);
  const outer = new DerReader(value);
  const names = outer.inside(outer.expect(TAG.sequence));
  while (!names.done) {
    const name: Element = names.next();
    if (forms.length === CERTIFICATE_NAMES_MAX) throw NOT_DER;
    forms.push(name.tag);
    if (name.tag === URI_NAME) uris.push(value.toString('latin1', name.content, name.end));
  }
  return { uris, forms };
}
