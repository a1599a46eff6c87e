// Who calls, by headers that proxies write: the last element of `x-forwarded-client-cert`, which
// the enforcer that asks wrote itself, and `Client-Cert` (RFC 9440). A client can send both, so
// whoever reads them has looked before whether the enforcer may assert them.

import { type Failure, type Fallible, isFailure } from '../failure.ts';
import type { Reason } from '../reason.ts';
import { readClientCert, readClientCertChain } from './client_cert.ts';
import {
  type PeerOutcome,
  type PeerRefusal,
  type ProofFacts,
  peerByCertificate,
  peerByPrincipal,
} from './peer.ts';
import type { ProofImage } from './proof_image.ts';
import type { Proved } from './proved.ts';
import { type XfccCredential, xfccCredential } from './xfcc.ts';

export const XFCC_HEADER = 'x-forwarded-client-cert';
export const CLIENT_CERT_HEADER = 'client-cert';
export const CLIENT_CERT_CHAIN_HEADER = 'client-cert-chain';

/**
 * The peer of the enforcer, as it writes itself: a certificate in the element is verified here,
 * without one its URI is the enforcer's word alone.
 * @param names of the enforcer that asks
 * @param asserted what it says of the same peer elsewhere, empty when it may not or does not
 */
export function peerByXfcc(
  text: string,
  names: readonly string[],
  asserted: string,
  image: ProofImage,
  facts: ProofFacts,
  now: number,
): PeerOutcome {
  const credential = read(text, names);
  if (isFailure(credential)) return unread('xfcc', credential);
  const { uris, hash, cert, chain } = credential;
  const raw = chain === '' ? cert : chain;
  // As with the certificate of the message: where nobody vouches by them, none is looked at.
  if (raw !== '' && !image.issuers.x509.isEmpty) {
    const sent = { method: 'xfcc', kind: 'x509_chain', raw } as const;
    const shown = peerByCertificate(sent, asserted, image, facts, now);
    if (!('principal' in shown) || uris.every((uri) => uri === shown.subject)) return shown;
    return conflicting(shown);
  }
  const [uri, ...others] = uris;
  if (uri === undefined || others.length > 0) {
    return { ...NOBODY, refused: 'authn.invalid_identity', method: 'xfcc' };
  }
  const claimed = { method: 'xfcc', credential: hash === '' ? '' : `sha256:${hash}` } as const;
  const shown = { ...peerByPrincipal(uri, image), ...claimed };
  const disagrees = asserted !== '' && asserted !== uri;
  return disagrees && 'principal' in shown ? conflicting(shown) : shown;
}

/** The client of a proxy that ended its TLS; undefined where none came. */
export function peerByClientCert(
  headers: ReadonlyMap<string, string>,
  image: ProofImage,
  facts: ProofFacts,
  now: number,
): PeerOutcome | undefined {
  const text = headers.get(CLIENT_CERT_HEADER);
  const chainText = headers.get(CLIENT_CERT_CHAIN_HEADER);
  if (text === undefined && chainText === undefined) return undefined;
  // RFC 9440 section 2.3: no chain without that at whose end it stands.
  const leaf = readClientCert(text ?? '');
  const chain = chainText === undefined ? [] : readClientCertChain(chainText);
  if (isFailure(leaf)) return unread('client_cert', leaf);
  if (isFailure(chain)) return unread('client_cert', chain);
  const raw = [leaf, ...chain].map(pemOf).join('');
  const sent = { method: 'client_cert', kind: 'x509_chain', raw } as const;
  return peerByCertificate(sent, '', image, facts, now);
}

/** It names somebody, and something else that is believed names somebody else. */
export function conflicting({ method, subject, issuer, credential, svid }: Proved): PeerRefusal {
  return { refused: 'authn.identity_conflict', method, subject, issuer, credential, svid };
}

const NOBODY = { subject: '', issuer: '', credential: '' } as const;

function unread(method: Proved['method'], { reason }: Failure): PeerRefusal {
  const refused: Reason = reason;
  return { ...NOBODY, refused, method };
}

let lastText = '';
let lastNames: readonly string[] | undefined;
let lastRead: Fallible<XfccCredential>;

/** The last one is kept: a caller comes again and again, and each time with the same text. */
function read(text: string, names: readonly string[]): Fallible<XfccCredential> {
  if (text !== lastText || names !== lastNames) {
    lastRead = xfccCredential(text, { by: names });
    lastText = text;
    lastNames = names;
  }
  return lastRead;
}

function pemOf(der: Buffer): string {
  const body = der.toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}
