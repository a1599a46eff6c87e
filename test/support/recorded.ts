// The records of a verdict that a test came to without an evaluator: whatever can be decided can be
// recorded, and the scan for secrets (test/secrets) sees these lines like all others.

import type { Verdict } from '../../engine/check.ts';
import { type RecordLines, recordLines } from '../../engine/record.ts';
import type { Snapshot } from '../../engine/snapshot.ts';

export interface RecordedRequest {
  readonly method: string;
  /** Raw, with its query. */
  readonly path: string;
  readonly host?: string | undefined;
  readonly destination?: string | undefined;
  readonly requestId?: string;
}

export function recorded(
  verdict: Verdict,
  snapshot: Snapshot,
  now: number,
  { method, path, host = '', destination = '', requestId = '' }: RecordedRequest,
): RecordLines {
  const request = { method, path, host, destination, requestId, traceId: '', sni: '', port: 0 };
  const occasion = { decisionId: '01936f2a-7c00-7000-8000-000000000001', now, durationUs: 0 };
  return recordLines(verdict, { ...occasion, revision: 0, ...request }, snapshot);
}
