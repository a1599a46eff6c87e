// An X.509 certificate (RFC 5280 section 4) as the fields that deciding on it needs. The frame is
// read from canonical DER, because names and keys are compared by their bytes, which no library of
// schemas keeps; what extensions say is read by `@peculiar/asn1-x509`.

import { Failure, type Fallible } from '../failure.ts';
import { CERTIFICATE_BYTES_MAX } from '../limits.ts';
import { type KeyKind, keyKindOf } from './certificate_key.ts';
import { checkDer, DerReader, type Element, NOT_DER, TAG } from './der.ts';
import { type Extensions, readExtensions } from './extensions.ts';

const TOO_LARGE = new Failure('authn.invalid_identity', 'the certificate is too large');

const CONTEXT_0 = 0xa0;
const CONTEXT_3 = 0xa3;
/** RFC 5280 section 4.1.2.2 allows 20 bytes; some authorities write one more. */
const SERIAL_BYTES_MAX = 32;
const VERSION_3 = 2;

export interface Certificate {
  readonly der: Buffer;
  /** The part that is signed. */
  readonly signed: Buffer;
  /** AlgorithmIdentifier, as hexadecimal DER. */
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
  /** Hexadecimal, as it stands in the certificate. */
  readonly serial: string;
  /** Names as DER: equal names are equal bytes. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Milliseconds since the epoch, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subjectPublicKeyInfo: Buffer;
  /** Undefined for a key that we do not believe. */
  readonly keyKind: KeyKind | undefined;
  readonly extensions: Extensions;
}

/** Reads one certificate; any bytes give a certificate or a Failure. */
export function readCertificate(der: Buffer): Fallible<Certificate> {
  if (der.length > CERTIFICATE_BYTES_MAX) return TOO_LARGE;
  try {
    checkDer(der);
    return readFrame(der);
  } catch (error) {
    if (error === NOT_DER) return NOT_DER;
    throw error;
  }
}

function readFrame(der: Buffer): Certificate {
  const slice = ({ start, end }: Element): Buffer => der.subarray(start, end);
  const hex = ({ start, end }: Element): string => der.toString('hex', start, end);
  const outer = new DerReader(der);
  const frame = outer.inside(outer.expect(TAG.sequence));
  const signed = frame.expect(TAG.sequence);
  const signatureAlgorithm = frame.expect(TAG.sequence);
  const signature = frame.expect(TAG.bitString);
  frame.finish();

  const fields = frame.inside(signed);
  const version = fields.expect(CONTEXT_0);
  const number = fields.inside(version).expect(TAG.integer);
  // Older versions have no extensions, and so no identity and no bounds.
  if (number.end !== version.end || der[number.content] !== VERSION_3) throw NOT_DER;
  const serial = fields.expect(TAG.integer);
  if (serial.end - serial.content > SERIAL_BYTES_MAX) throw NOT_DER;
  // RFC 5280 section 4.1.1.2: the same algorithm inside, where it is signed, as outside.
  if (hex(fields.expect(TAG.sequence)) !== hex(signatureAlgorithm)) throw NOT_DER;
  const issuer = fields.expect(TAG.sequence);
  const validity = fields.inside(fields.expect(TAG.sequence));
  const notBefore = readTime(der, validity.next());
  const notAfter = readTime(der, validity.next());
  validity.finish();
  const subject = fields.expect(TAG.sequence);
  const subjectPublicKeyInfo = slice(fields.expect(TAG.sequence));
  // Unique identifiers (fields 1 and 2) are forbidden by RFC 5280 and known to nobody.
  const extensions = fields.expect(CONTEXT_3);
  fields.finish();
  return {
    der,
    signed: slice(signed),
    signatureAlgorithm: hex(signatureAlgorithm),
    signature: wholeBits(der, signature),
    serial: der.toString('hex', serial.content, serial.end),
    issuer: slice(issuer),
    subject: slice(subject),
    notBefore,
    notAfter,
    subjectPublicKeyInfo,
    keyKind: keyKindOf(subjectPublicKeyInfo),
    extensions: readExtensions(der, fields.inside(extensions)),
  };
}

function wholeBits(der: Buffer, { content, end }: Element): Buffer {
  if (der[content] !== 0) throw NOT_DER;
  return der.subarray(content + 1, end);
}

/** RFC 5280 section 4.1.2.5: to the second, in UTC, years until 2049 with two digits. */
function readTime(der: Buffer, { tag, content, end }: Element): number {
  const text = der.toString('latin1', content, end);
  const digits = tag === TAG.utcTime ? 12 : tag === TAG.generalizedTime ? 14 : 0;
  if (digits === 0 || text.length !== digits + 1 || !/^\d+Z$/.test(text)) throw NOT_DER;
  const century = Number(text.slice(0, 2)) < 50 ? '20' : '19';
  const full = digits === 12 ? century + text : text;
  const iso = full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = Date.parse(iso);
  // A day that does not exist is another one to some readers.
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso.replace('Z', '.000Z')) {
    throw NOT_DER;
  }
  return time;
}
