// Certificates as text: PEM (RFC 7468), strictly, and the URL-encoding in which Envoy sends it
// (`source.certificate`, and `Cert` and `Chain` of `x-forwarded-client-cert`). Nothing is skipped,
// guessed or decoded twice.

import { Failure, type Fallible } from '../failure.ts';
import { CERTIFICATE_BYTES_MAX, CERTIFICATE_TEXT_MAX, PEER_CHAIN_MAX } from '../limits.ts';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** All that a certificate is written with; a comment is not sent. */
const SENT = /^[A-Za-z0-9+/=\- \r\n]*$/;

const NOT_PEM = new Failure('authn.invalid_identity', 'not one certificate in URL-encoded PEM');
const TOO_LONG = new Failure('authn.invalid_identity', 'the certificate is too long');

/** The DER of the one certificate that a CheckRequest carries. */
export function readSentCertificate(text: string): Fallible<Buffer> {
  if (text.length > CERTIFICATE_TEXT_MAX) return TOO_LONG;
  const pem = decodeSentPem(text);
  if (pem === undefined) return NOT_PEM;
  const blocks = readPem(pem);
  return !isPemFault(blocks) && blocks.length === 1 ? blocks[0]!.der : NOT_PEM;
}

/** The DER of a leaf and of what stands behind it, from PEM that was decoded. */
export function readSentChain(pem: string): Fallible<readonly [Buffer, ...Buffer[]]> {
  if (pem.length > (PEER_CHAIN_MAX + 1) * CERTIFICATE_TEXT_MAX) return TOO_LONG;
  const blocks = readPem(pem);
  if (isPemFault(blocks) || blocks.length > PEER_CHAIN_MAX + 1) return NOT_PEM;
  const [leaf, ...others] = blocks.map(({ der }) => der);
  return leaf === undefined ? NOT_PEM : [leaf, ...others];
}

/** URL-encoded PEM, decoded once; undefined when it holds anything that no PEM is made of. */
export function decodeSentPem(text: string): string | undefined {
  const pem = percentDecoded(text);
  return pem === undefined || !SENT.test(pem) ? undefined : pem;
}

/** Each `%` stands before two hexadecimal digits and means ASCII; `+` is itself, never a space. */
function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  let valid = true;
  const decoded = text.replace(/%(.{0,2})/gs, (_, digits: string) => {
    const code = /^[0-7][0-9a-fA-F]$/.test(digits) ? Number.parseInt(digits, 16) : 0;
    if (code === 0) valid = false;
    return String.fromCharCode(code);
  });
  return valid ? decoded : undefined;
}

export interface PemBlock {
  readonly der: Buffer;
  /** Where it begins, counted from 1. */
  readonly line: number;
}

/** Which line cannot be read, and why. */
export interface PemFault {
  readonly line: number;
  readonly message: string;
}

export function isPemFault(read: readonly PemBlock[] | PemFault): read is PemFault {
  return 'message' in read;
}

/** All certificates of a text, in order; between them only empty lines and `#` comments. */
export function readPem(text: string): readonly PemBlock[] | PemFault {
  const blocks: PemBlock[] = [];
  let body: string[] | undefined;
  let begin = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (body !== undefined) {
      if (line !== END) {
        body.push(line);
        continue;
      }
      const der = decodeBase64(body.join(''));
      if (der === undefined) return { line: begin, message: 'no certificate in base64' };
      blocks.push({ der, line: begin });
      body = undefined;
    } else if (line === BEGIN) {
      body = [];
      begin = index + 1;
    } else if (line !== '' && !line.startsWith('#')) {
      const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----$/.exec(line)?.[1];
      const message =
        label === undefined ? 'text outside of a certificate' : `a ${label} and no certificate`;
      return { line: index + 1, message };
    }
  }
  if (body !== undefined) return { line: begin, message: 'a certificate without an end' };
  return blocks;
}

/** Exactly what an encoder writes: no other alphabet, no missing padding, no unused bits set. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text === '' || text.length > 2 * CERTIFICATE_BYTES_MAX) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
