// `Client-Cert` and `Client-Cert-Chain` (RFC 9440): the certificate of a TLS client as the proxy
// that verified it passes it on, and the certificates behind it. Both are Structured Fields (RFC
// 9651 sections 3.3.5 and 4.2.7), read strictly: base64 as an encoder writes it, no parameters.

import { Failure, type Fallible } from '../failure.ts';
import { CERTIFICATE_BYTES_MAX, CREDENTIAL_HEADER_TEXT_MAX, PEER_CHAIN_MAX } from '../limits.ts';
import { decodeBase64 } from './pem.ts';

const invalid = (detail: string) => new Failure('authn.invalid_identity', `Client-Cert${detail}`);

const NOT_ONE = invalid(': not one certificate in base64 between colons');
const NOT_SOME = invalid('-Chain: not certificates in base64 between colons');
const TOO_MANY = invalid(`-Chain: more than ${PEER_CHAIN_MAX} certificates`);
const TOO_LONG = invalid(': too long');

/** DER of the leaf, which is all that `Client-Cert` holds (RFC 9440 section 2.2). */
export function readClientCert(text: string): Fallible<Buffer> {
  if (text.length > CREDENTIAL_HEADER_TEXT_MAX) return TOO_LONG;
  return byteSequence(trimmed(text)) ?? NOT_ONE;
}

/**
 * DER of what stands behind the leaf, which is not among them (RFC 9440 section 2.3). They may help
 * to find a way to an authority and are never one: a proxy passes on what the client sent.
 */
export function readClientCertChain(text: string): Fallible<readonly Buffer[]> {
  if (text.length > CREDENTIAL_HEADER_TEXT_MAX) return TOO_LONG;
  const members = text.split(',', PEER_CHAIN_MAX + 1);
  if (members.length > PEER_CHAIN_MAX) return TOO_MANY;
  const ders: Buffer[] = [];
  for (const member of members) {
    const der = byteSequence(trimmed(member));
    if (der === undefined) return NOT_SOME;
    ders.push(der);
  }
  return ders;
}

function byteSequence(text: string): Buffer | undefined {
  if (text.length < 2 || !text.startsWith(':') || !text.endsWith(':')) return undefined;
  const der = decodeBase64(text.slice(1, -1));
  return der !== undefined && der.length <= CERTIFICATE_BYTES_MAX ? der : undefined;
}

/** Spaces and tabs around a field or a member are none of it; no expression, as some backtrack. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}
