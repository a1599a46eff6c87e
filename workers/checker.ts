// The one interface behind which requests are decided: in place, on a pool of threads, or by a mix.
// Whoever decides, the answer's records and counts go to the same outputs, once for each request.

import type { Verdict } from '../engine/check.ts';
import { EVIDENCE_RESULTS, METHODS } from '../engine/evidence.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { REASON_CODES } from '../engine/reason.ts';

export interface Checker {
  /**
   * Answers one encoded CheckRequest with an encoded CheckResponse; at once where it was decided in
   * place. Never throws and never rejects.
   * @param deadlineMs wall clock at which a denial has to be on its way
   */
  check(bytes: Buffer, asker: Asker, deadlineMs: number): Buffer | Promise<Buffer>;
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

export function evidenceCode({ evidence }: Verdict): number {
  return (
    EVIDENCE_RESULTS.indexOf(evidence.result) * METHODS.length + METHODS.indexOf(evidence.method)
  );
}

export const EVIDENCE_CODES = EVIDENCE_RESULTS.length * METHODS.length;
