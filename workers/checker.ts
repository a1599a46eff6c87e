// The one interface behind which requests are decided: in place, on a pool of threads, or by a mix.
// Whoever decides, the answer's records and counts go to the same outputs, once for each request.

import type { Verdict } from '../engine/check.ts';
import { EVIDENCE_RESULTS, IGNORABLE, METHODS, type Method } from '../engine/evidence.ts';
import type { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { REASON_CODES } from '../engine/reason.ts';

export interface Checker {
  /**
   * Answers one encoded CheckRequest with an encoded CheckResponse; at once where it was decided in
   * place. Never throws and never rejects.
   * @param deadlineMs wall clock at which a denial has to be on its way
   */
  check(bytes: Buffer, asker: Asker, deadlineMs: number): Buffer | Promise<Buffer>;
  /** Refuses a request that was never looked at, with both records like any other. */
  refuse(failure: Failure): Buffer;
  /** False while a further request would only be refused. */
  canAcceptWork(): boolean;
  close(): Promise<void>;
}

/** Where records and counts go. Neither may throw, wait or change an answer. */
export interface Outputs {
  /** Whole lines, text or UTF-8; `count` lines for each stream. */
  record(evidence: string | Uint8Array, decisions: string | Uint8Array, count: number): void;
  /** One answered request; see `outcomeCode` and `evidenceCode`. */
  count(outcome: number, evidence: number, durationUs: number): void;
}

const REASON_INDEX = new Map(REASON_CODES.map((reason, index) => [reason, index + 1]));

/** 0 for an allow, else one more than the position in `REASON_CODES`: a number crosses threads. */
export function outcomeCode({ decision }: Verdict): number {
  return decision.reason === undefined ? 0 : REASON_INDEX.get(decision.reason)!;
}

export const OUTCOME_CODES = REASON_CODES.length + 1;

const IGNORED_SETS = 2 ** IGNORABLE.length;
export const CACHE_RESULTS = ['none', 'hit', 'miss'] as const;

export const EVIDENCE_CODES =
  EVIDENCE_RESULTS.length * METHODS.length * IGNORED_SETS * CACHE_RESULTS.length;

/** What is verified by a signature, and the result kept; the others are compared each time. */
const KEPT: ReadonlySet<Method> = new Set<Method>([
  'x509_svid',
  'xfcc',
  'client_cert',
  'jwt',
  'jwt_svid',
  'wit',
]);

/**
 * All that is counted of authentication, as one number below `EVIDENCE_CODES`.
 * @param misses credentials that had to be verified now
 */
export function evidenceCode({ evidence }: Verdict, misses: number): number {
  const { result, method, ignored } = evidence;
  const cached = misses > 0 ? 2 : KEPT.has(method) ? 1 : 0;
  const code = EVIDENCE_RESULTS.indexOf(result) * METHODS.length + METHODS.indexOf(method);
  return (code * IGNORED_SETS + ignored) * CACHE_RESULTS.length + cached;
}

/** What such a number says. */
export interface EvidenceCounted {
  readonly result: (typeof EVIDENCE_RESULTS)[number];
  readonly method: (typeof METHODS)[number];
  readonly ignored: readonly (typeof IGNORABLE)[number][];
  readonly cache: (typeof CACHE_RESULTS)[number];
}

export const EVIDENCE_COUNTED: readonly EvidenceCounted[] = EVIDENCE_RESULTS.flatMap((result) =>
  METHODS.flatMap((method) =>
    Array.from({ length: IGNORED_SETS }, (_, set) => {
      const ignored = IGNORABLE.filter((_, bit) => set & (1 << bit));
      return CACHE_RESULTS.map((cache) => ({ result, method, ignored, cache }));
    }).flat(),
  ),
);
