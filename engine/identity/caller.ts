// Who calls, as far as connections say (DESIGN 5.8): the peer of the enforcer that asks, told in up
// to three ways, and the client of a gateway before it. All that came and may be asserted has to
// agree (docs/authentication.md, "Several credentials").

import { type Ignorable, ignoredBit } from '../evidence.ts';
import type { Proof } from '../facts.ts';
import { type Credentials, cameWithPayload } from './credentials.ts';
import type { Enforcer } from './enforcer.ts';
import {
  CLIENT_CERT_CHAIN_HEADER,
  CLIENT_CERT_HEADER,
  conflicting,
  peerByClientCert,
  peerByXfcc,
  XFCC_HEADER,
} from './forwarded_peer.ts';
import {
  type PeerOutcome,
  type PeerRefusal,
  type ProofFacts,
  peerByCertificate,
  peerByPrincipal,
} from './peer.ts';
import type { ProofImage } from './proof_image.ts';
import { type Agreed, isGateway, type Proved } from './proved.ts';

export type CallerOutcome = Agreed | PeerRefusal | { readonly proofs: readonly Proof[] };

/** Undefined where nothing that is believed came. */
export function callerOf(
  credentials: Credentials,
  enforcer: Enforcer,
  image: ProofImage,
  facts: ProofFacts,
  now: number,
): CallerOutcome | undefined {
  const peer = peerOf(credentials, enforcer, image, facts, now);
  const { headers } = credentials;
  if (headers.size === 0 || !enforcer.peer.has('clientCert') || image.issuers.x509.isEmpty) {
    return peer;
  }
  return joined(peer, peerByClientCert(headers, image, facts, now), behind);
}

/** Whoever holds the connection to the enforcer. What it may not assert is as good as absent. */
function peerOf(
  { peerPrincipal, peerCertificate, headers }: Credentials,
  { peer, names }: Enforcer,
  image: ProofImage,
  facts: ProofFacts,
  now: number,
): CallerOutcome | undefined {
  const principal = peer.has('principal') ? peerPrincipal : '';
  const raw = peer.has('certificate') ? peerCertificate : '';
  const xfcc = peer.has('xfcc') && headers.size > 0 ? headers.get(XFCC_HEADER) : undefined;
  let first: PeerOutcome | undefined;
  if (raw !== '') {
    const sent = { method: 'x509_svid', kind: 'x509_svid', raw } as const;
    first = peerByCertificate(sent, principal, image, facts, now);
  } else if (xfcc === undefined && principal !== '') first = peerByPrincipal(principal, image);
  const alone = first && outcomeOf(first);
  if (xfcc === undefined) return alone;
  return joined(alone, peerByXfcc(xfcc, names, principal, image, facts, now), sameCertificate);
}

const NONE: readonly Proved[] = Object.freeze([]);

function outcomeOf(peer: PeerOutcome): CallerOutcome {
  if ('need' in peer) return { proofs: [peer.need] };
  return 'refused' in peer ? peer : { principal: peer.principal, named: peer, others: NONE };
}

/** @param relate both that were proved; undefined when they contradict each other */
function joined(
  first: CallerOutcome | undefined,
  second: PeerOutcome | undefined,
  relate: (first: Agreed, second: Proved) => Agreed | undefined,
): CallerOutcome | undefined {
  if (second === undefined) return first;
  const other = outcomeOf(second);
  if (first === undefined) return other;
  const proofs = [first, other].flatMap((it) => ('proofs' in it ? it.proofs : []));
  if (proofs.length > 0) return { proofs };
  if ('refused' in first) return first;
  if ('refused' in other) return other;
  if ('proofs' in first || 'proofs' in other) throw new Error('a proof was forgotten');
  return relate(first, other.named) ?? conflicting(other.named);
}

/** Both are of the one peer: the message's own certificate counts, XFCC has to be of the same. */
function sameCertificate(first: Agreed, second: Proved): Agreed | undefined {
  if (!isOneCredential(first.named, second)) return undefined;
  return { ...first, others: [...first.others, second] };
}

/**
 * What a gateway passes on is another caller's, and its own certificate stands for itself alone;
 * anybody else passes on nobody but himself.
 */
function behind(peer: Agreed, client: Proved): Agreed | undefined {
  const { named, others } = peer;
  if (named.principal.id === client.principal.id) {
    if (!isOneCredential(named, client)) return undefined;
    const verified = named.svid !== undefined;
    return verified
      ? { ...peer, others: [...others, client] }
      : { principal: client.principal, named: client, others: [named, ...others] };
  }
  if (!isGateway(named.principal)) return undefined;
  return { principal: client.principal, named: client, others: [named, ...others] };
}

function isOneCredential(a: Proved, b: Proved): boolean {
  const told = a.credential !== '' && b.credential !== '';
  return a.subject === b.subject && (!told || a.credential === b.credential);
}

/** What came and may not be asserted, as bits; a client can write the headers among it. */
export function ignoredOf(credentials: Credentials, { peer }: Enforcer): number {
  const { peerPrincipal, hasCertificate, headers } = credentials;
  const bit = (assertion: Ignorable, came: boolean): number =>
    came && !peer.has(assertion) ? ignoredBit(assertion) : 0;
  const shown = bit('principal', peerPrincipal !== '') | bit('certificate', hasCertificate);
  const claimed = shown | bit('metadata', cameWithPayload(credentials));
  if (headers.size === 0) return claimed;
  const certified = headers.has(CLIENT_CERT_HEADER) || headers.has(CLIENT_CERT_CHAIN_HEADER);
  return claimed | bit('xfcc', headers.has(XFCC_HEADER)) | bit('clientCert', certified);
}
