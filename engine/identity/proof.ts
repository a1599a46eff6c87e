// Proofs that take more than a comparison to check: certificates, tokens, and proofs of possession.
// The key under which a result is kept, and the check itself. Who keeps results and calls it stands
// outside.

import { hash } from 'node:crypto';
import type { Proof, ProofResult } from '../facts.ts';
import { assertNever } from '../failure.ts';
import type { KeySet, KeySets } from '../key_sets.ts';
import type { ProofImage } from './proof_image.ts';
import { type DpopExpectation, verifyDpop } from './token/dpop.ts';
import { verifyWpt, type WptExpectation } from './token/wpt.ts';
import { verifyToken } from './token_verification.ts';

type Kept = 'x509_svid' | 'x509_chain' | 'token';

interface Last {
  readonly raw: string;
  readonly under: string;
  readonly key: string;
}

const last: Record<Kept, Last | undefined> = {
  x509_svid: undefined,
  x509_chain: undefined,
  token: undefined,
};

/**
 * SHA-256 of what was presented, with what it is verified under: another issuer, key or bundle is
 * another key, so no result outlives what it was found with. The last one is kept, as a caller
 * comes with the same credential again and again; it is compared in full, byte by byte.
 */
function keyOf(kind: Kept, raw: string, under: string): string {
  const before = last[kind];
  if (before !== undefined && raw === before.raw && under === before.under) return before.key;
  const key = `${kind} ${under} ${hash('sha256', raw, 'hex')}`;
  last[kind] = { raw, under, key };
  return key;
}

/** @param kind `x509_svid`: URL-encoded PEM; `x509_chain`: PEM, with what stands behind the leaf */
export function certificateProof(
  kind: 'x509_svid' | 'x509_chain',
  raw: string,
  image: ProofImage,
  keys: KeySets,
): Proof {
  const { issuers } = image;
  const beneath = issuers.x509.readsKeys ? under(image, keys) : issuers.digest;
  return { key: keyOf(kind, raw, beneath), kind, raw };
}

let underKeys = '';
let underDigest = '';
let underVersion = -1;

export function tokenProof(raw: string, image: ProofImage, keys: KeySets, payer: string): Proof {
  return { key: keyOf('token', raw, under(image, keys)), kind: 'token', raw, payer };
}

function under({ issuers }: ProofImage, { version }: KeySets): string {
  if (version !== underVersion || issuers.digest !== underDigest) {
    underVersion = version;
    underDigest = issuers.digest;
    underKeys = `${issuers.digest} ${version}`;
  }
  return underKeys;
}

/** A proof of possession is verified with its own key, for this request alone. */
export function dpopProof(raw: string, expected: DpopExpectation): Proof {
  return { key: `dpop ${expected.method} ${expected.uri} ${raw}`, kind: 'dpop', raw, expected };
}

export function wptProof(raw: string, expected: WptExpectation): Proof {
  return { key: `wpt ${expected.uri} ${raw}`, kind: 'wpt', raw, expected };
}

export interface Checked {
  readonly result: ProofResult;
  /** A set of keys that may be older than the proof. */
  readonly outdated: KeySet | undefined;
}

/** Checks a proof that a pass needs; never throws, and takes a bounded time. */
export function verifyProof(proof: Proof, image: ProofImage, keys: KeySets, now: number): Checked {
  const { issuers, trustDomain } = image;
  const checked = (result: ProofResult): Checked => ({ result, outdated: undefined });
  switch (proof.kind) {
    case 'x509_svid':
      return checked(issuers.x509.verifySent(proof.raw, keys, now));
    case 'x509_chain':
      return checked(issuers.x509.verifyChain(proof.raw, keys, now));
    case 'token':
      return verifyToken(proof.raw, issuers.tokens, keys, trustDomain);
    case 'dpop':
      return checked(verifyDpop(proof.raw, proof.expected, now));
    case 'wpt':
      return checked(verifyWpt(proof.raw, proof.expected, now));
    default:
      return assertNever(proof);
  }
}
