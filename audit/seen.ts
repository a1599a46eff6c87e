// What the inventory remembers of identities, credentials and operations, and how it tells of them.

import type { SeenCredential, SeenIdentity, SeenOperation } from './inventory_report.ts';
import type { Recent } from './recent.ts';
import type { Proof, Use } from './record_facts.ts';

/** Milliseconds since the epoch. */
export interface Seen {
  firstSeen: number;
  lastSeen: number;
  count: number;
  isForgotten: boolean;
}

export interface Credential extends Seen {
  readonly owner: Identity;
  readonly proof: Proof;
  readonly sources: Map<string, SeenCredential['sources'][number]>;
  sourcesOmitted: number;
}

export interface Identity extends Seen {
  /** `count` is that of credentials that were forgotten. */
  readonly credentials: Recent<string, Credential>;
  readonly proof: Proof;
  credentialsForgotten: number;
  rotations: number;
  lastRotated: number | undefined;
}

export interface Operation extends Seen {
  readonly use: Use;
}

export function identityReport(identity: Identity): SeenIdentity {
  const { proof, credentials, rotations, lastRotated, count } = identity;
  const remembered = Array.from(credentials.values(), credentialReport);
  const all = remembered.reduce((sum, it) => sum + it.count, count);
  return {
    subject: proof.subject,
    issuer: proof.issuer,
    ...seenReport({ ...identity, count: all }),
    rotations,
    lastRotated: instant(lastRotated),
    credentials: remembered,
    credentialsForgotten: identity.credentialsForgotten,
  };
}

function credentialReport(credential: Credential): SeenCredential {
  const { proof, sources, sourcesOmitted } = credential;
  const { method, keyThumbprint, notBefore, notAfter } = proof;
  return {
    ...{ method, credential: proof.credential, keyThumbprint },
    ...{ notBefore: instant(notBefore), notAfter: instant(notAfter) },
    ...seenReport(credential),
    sources: [...sources.values()],
    sourcesOmitted,
  };
}

export function operationReport({ use, ...seen }: Operation): SeenOperation {
  const { time: _, ...what } = use;
  return { ...what, ...seenReport(seen) };
}

function seenReport({ firstSeen, lastSeen, count }: Omit<Seen, 'isForgotten'>) {
  const text = (ms: number) => new Date(ms).toISOString();
  return { firstSeen: text(firstSeen), lastSeen: text(lastSeen), count };
}

export function instant(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}
