// The bins of an identity (C-069). It may be in several, and each says one thing; how long its
// credentials live and how far they reach are never made into one figure (C-065).
//
// INVARIANT: what was not seen counts only where somebody has looked for long enough.

import type { InventoryReport, SeenCredential } from '../../audit/inventory_report.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import type { OperationReach } from '../review/grants.ts';
import { type Lifetime, lifetimeOf } from './lifetime.ts';
import { isOverPrivileged, type Scope, scopeOf } from './scope.ts';
import { entryOf, type Subject } from './subject.ts';

export const BINS = [
  'authenticated',
  'over-long-lived',
  'over-privileged',
  'forgotten',
  'unknown',
  'shared',
] as const;
export type Bin = (typeof BINS)[number];

export interface Binned {
  readonly subject: Subject;
  readonly bins: readonly Bin[];
  readonly lifetime: Lifetime;
  /** Undefined without policies, and of nobody that they know. */
  readonly scope: Scope | undefined;
  readonly sources: Sources;
}

export interface Sources {
  /** Of one that is shared by declaration, or seen with a token from several workloads. */
  readonly declaredShared: boolean;
  readonly workloads: readonly string[];
  readonly enforcers: readonly string[];
  /** Of these workloads, as their SPIFFE IDs and the inventory say. */
  readonly namespaces: readonly string[];
  readonly environments: readonly string[];
}

export interface Terms {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Not seen for so long is forgotten; what was seen before that is past. */
  readonly forgottenMs: number;
  /** Of identities that name none. */
  readonly maxLifetimeMs: number;
}

/** How somebody is binned, one after the other. */
export class Binning {
  readonly #snapshot: Snapshot | undefined;
  readonly #reaches: readonly OperationReach[];
  readonly #terms: Terms;
  readonly #isWatchedLongEnough: boolean;
  readonly #isUseKnown: boolean;

  constructor(
    report: InventoryReport,
    snapshot: Snapshot | undefined,
    reaches: readonly OperationReach[],
    terms: Terms,
  ) {
    const { since, operations, forgotten, omitted } = report;
    const watchedMs = since === null ? 0 : terms.now - Date.parse(since);
    this.#snapshot = snapshot;
    this.#reaches = reaches;
    this.#terms = terms;
    this.#isWatchedLongEnough = watchedMs >= terms.forgottenMs;
    const isWhole = operations.length > 0 && forgotten.operations + omitted === 0;
    this.#isUseKnown = this.#isWatchedLongEnough && isWhole;
  }

  get isWatchedLongEnough(): boolean {
    return this.#isWatchedLongEnough;
  }

  of(subject: Subject): Binned {
    const entry = entryOf(subject);
    const { now, forgottenMs, maxLifetimeMs } = this.#terms;
    const isRecent = ({ lastSeen }: { readonly lastSeen: string }) =>
      now - Date.parse(lastSeen) < forgottenMs;
    const credentials = subject.seen?.credentials.filter(isRecent) ?? [];
    const lifetime = lifetimeOf(credentials, entry?.maxLifetimeMs ?? maxLifetimeMs);
    const isSeen = subject.seen !== undefined && isRecent(subject.seen);
    const scope = scopeOf(subject, this.#reaches, this.#isUseKnown);
    const sources = this.#sourcesOf(credentials, entry?.shared === true);
    const isUnknown = this.#snapshot !== undefined && subject.seen !== undefined && !entry;
    const isForgotten =
      entry !== undefined && !isSeen && (subject.seen !== undefined || this.#isWatchedLongEnough);
    const is: Readonly<Record<Bin, boolean>> = {
      authenticated: isSeen && !isUnknown,
      'over-long-lived': lifetime.overLimit.length > 0,
      'over-privileged': scope !== undefined && isOverPrivileged(scope),
      forgotten: isForgotten,
      unknown: isUnknown,
      shared: sources.declaredShared || hasSeveral(credentials, (it) => this.#isGateway(it)),
    };
    return { subject, bins: BINS.filter((bin) => is[bin]), lifetime, scope, sources };
  }

  #sourcesOf(credentials: readonly SeenCredential[], declaredShared: boolean): Sources {
    const all = credentials.flatMap(({ sources }) => sources);
    const workloads = [...new Set(all.flatMap((it) => it.workload || []))].sort();
    const enforcers = [...new Set(all.flatMap((it) => it.enforcer || []))].sort();
    const namespaces = new Set(workloads.flatMap((it) => /\/ns\/([^/]+)/.exec(it)?.[1] ?? []));
    const environments = new Set(
      workloads.flatMap((it) => this.#find(it)?.entry.environment || []),
    );
    return {
      ...{ declaredShared, workloads, enforcers },
      namespaces: [...namespaces].sort(),
      environments: [...environments].sort(),
    };
  }

  #find(workload: string) {
    const id = parseSpiffeId(workload);
    return id instanceof SpiffeId ? this.#snapshot?.proof.inventory.find(id) : undefined;
  }

  /** It passes on what its callers show. */
  #isGateway(workload: string): boolean {
    return this.#find(workload)?.entry.kind === 'gateway';
  }
}

/** One credential that several workloads showed. That several enforcers saw it means nothing. */
function hasSeveral(
  credentials: readonly SeenCredential[],
  isGateway: (workload: string) => boolean,
): boolean {
  return credentials.some(({ sources }) => {
    const workloads = sources.flatMap(({ workload }) => workload || []);
    return new Set(workloads.filter((it) => !isGateway(it))).size > 1;
  });
}
