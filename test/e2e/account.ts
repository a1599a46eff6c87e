// What became of each request of a load: joins what the client got, what the upstream saw and what
// Remit recorded, and fails where the three do not agree.

import assert from 'node:assert/strict';
import type { RecordLine } from '../support/record_files.ts';
import type { Sent } from './load.ts';
import { type Arrival, HASTY_MS } from './load_stage.ts';

const ID = 'x-remit-decision-id';
const FAILURE_MODE_ALLOWED = 'x-envoy-auth-failure-mode-allowed';

export interface Account {
  /** Remit said yes, and the upstream saw it. */
  readonly allowed: number;
  /** Remit said no, and the upstream did not see it. */
  readonly denied: number;
  /** How often for which reason; empty without records. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Envoy had no answer, and refused. */
  readonly refused: number;
  /** Envoy had no answer, and let it through. */
  readonly letThrough: number;
  /** Those of them that the policy denies. */
  readonly letThroughDenied: number;
  /** What Remit answered when Envoy's patience had ended. */
  readonly late: number;
}

export interface Facts {
  readonly sent: readonly Sent[];
  readonly arrivals: ReadonlyMap<string, Arrival>;
  /** All decisions; undefined where they went to no file. */
  readonly decisions: readonly RecordLine[] | undefined;
  /** Envoy's patience is short, so that an answer may come too late; default false. */
  readonly hasty?: boolean;
}

/** Throws on any request that is not in one of the ways of an `Account`. */
export function account({ sent, arrivals, decisions, hasty = false }: Facts): Account {
  const byId = new Map(decisions?.map((it) => [String(it['id']), it]));
  const pathOf = (it: RecordLine): string => (it['request'] as { path: string }).path;
  const byPath = new Map(decisions?.map((it) => [pathOf(it), it]));
  const counts = { allowed: 0, denied: 0, refused: 0, letThrough: 0, letThroughDenied: 0 };
  const reasons: Record<string, number> = {};
  const recorded = (id: string, outcome: string): void => {
    if (decisions === undefined) return;
    const record = byId.get(id);
    assert.equal(record?.['outcome'], outcome, `the record of ${id}`);
    for (const reason of record['reasons'] as string[]) {
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
  };
  for (const { path, wanted, atMs, answer } of sent) {
    const arrival = arrivals.get(path);
    const id = (arrival?.headers ?? answer?.headers)?.[ID];
    if (typeof id === 'string') {
      if (arrival !== undefined) {
        assert.notEqual(wanted, 'deny', `${path} reached the upstream`);
        counts.allowed++;
      } else {
        // Else a fault of ours, which is a denial too, and says so.
        assert.ok(wanted !== 'allow' || answer?.status === 503, `${path}: ${answer?.status}`);
        counts.denied++;
      }
      recorded(id, arrival === undefined ? 'deny' : 'allow');
      continue;
    }
    if (arrival === undefined) {
      assert.equal(answer?.status, 503, `${path} was neither answered nor let through`);
      counts.refused++;
    } else {
      assert.equal(arrival.headers[FAILURE_MODE_ALLOWED], 'true', `${path} went past Envoy`);
      counts.letThrough++;
      if (wanted === 'deny') counts.letThroughDenied++;
    }
    // INVARIANT: nobody waited any more for what was decided on it.
    if (!byPath.has(path)) continue;
    assert.ok(hasty && (arrival?.atMs ?? 0) - atMs >= HASTY_MS, `${path} was decided on`);
  }
  const late = decisions === undefined ? 0 : byId.size - counts.allowed - counts.denied;
  assert.ok(hasty || late === 0, `${late} decisions did not reach Envoy`);
  return { ...counts, reasons, late };
}

/** One line for whoever reads the test's output. */
export function tell(what: string, account: Account, explanation: string): void {
  const { allowed, denied, refused, letThrough, letThroughDenied, late, reasons } = account;
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  console.log(
    `      ${what}: Remit allowed ${allowed} and denied ${denied} (${why.join(', ')}); ` +
      `without its answer Envoy refused ${refused} and let ${letThrough} through ` +
      `(${letThroughDenied} of them the policy denies); ${late} answers came too late\n` +
      `      ${explanation}`,
  );
}
