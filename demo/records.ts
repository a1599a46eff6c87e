// Remit's two records of a request (DESIGN section 8), read from its files and joined by id.

import { existsSync, readFileSync } from 'node:fs';
import { waitFor } from './processes.ts';

const WRITTEN_MS_MAX = 5_000;

/** The fields of `authz.decision` that the demo and the tests look at. */
export interface DecisionRecord {
  readonly kind: 'authz.decision';
  readonly id: string;
  readonly outcome: 'allow' | 'deny';
  readonly reasons: readonly string[];
  readonly rules: readonly string[];
  readonly shadow?: readonly { readonly rule: string; readonly outcome: 'allow' | 'deny' }[];
}

/** The fields of `authn.evidence` that the demo and the tests look at. */
export interface EvidenceRecord {
  readonly kind: 'authn.evidence';
  readonly id: string;
  readonly result: string;
  readonly method: string;
  readonly assurance: string;
  readonly subject: string;
  readonly issuer: string;
  readonly credential: string | null;
  readonly reason: string | null;
  readonly token?: { readonly kind: string; readonly binding: string };
  /** What else was shown, and agreed. */
  readonly others?: readonly {
    readonly method: string;
    readonly subject: string;
    readonly credential: string | null;
  }[];
}

export interface RecordPair {
  readonly evidence: EvidenceRecord;
  readonly decision: DecisionRecord;
}

/** Finds both records of one request, which are written after its answer was sent. */
export async function readRecords(
  files: { readonly evidence: string; readonly decisions: string },
  id: string,
): Promise<RecordPair> {
  let evidence: EvidenceRecord | undefined;
  let decision: DecisionRecord | undefined;
  const bothWritten = () => {
    evidence = findLine<EvidenceRecord>(files.evidence, id);
    decision = findLine<DecisionRecord>(files.decisions, id);
    return evidence !== undefined && decision !== undefined;
  };
  await waitFor(`both records of \`${id}\` are written`, bothWritten, WRITTEN_MS_MAX);
  // waitFor returned, so both were found.
  return { evidence: evidence!, decision: decision! };
}

function findLine<T extends { readonly id: string }>(file: string, id: string): T | undefined {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  // What follows the last line feed may be half a line.
  for (const line of lines.slice(0, -1)) {
    if (!line.includes(id)) continue;
    // The file is Remit's own.
    const record = JSON.parse(line) as T;
    if (record.id === id) return record;
  }
  return undefined;
}
