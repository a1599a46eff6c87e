// Running the cases of a bundle's Tests, one after the other: what was expected, what came, and
// which rules none of them exercised (C-103).

import { type Bundle, documentId } from '../../engine/bundle/bundle.ts';
import type { TestDocument } from '../../engine/bundle/test_kind.ts';
import type { Verdict } from '../../engine/check.ts';
import { nearest, type Position } from '../../engine/diagnostic.ts';
import { REASONS } from '../../engine/reason.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { exercisedBy } from './exercised_rules.ts';
import { rehearse, serviceIdOf, timeOf } from './rehearse.ts';

type Case = TestDocument['spec']['cases'][number];
type Expected = Case['expect'];

export interface CaseResult {
  /** `namespace/name` of the Test. */
  readonly test: string;
  readonly name: string;
  readonly at: Position;
  readonly expected: Expected;
  readonly got: {
    readonly outcome: string;
    readonly reason: string | undefined;
    readonly rules: readonly string[];
    readonly errors: readonly string[];
  };
  /** What differs, and what may be behind it; empty when the case passed. */
  readonly why: readonly string[];
  readonly durationMs: number;
}

export interface RuleCoverage {
  readonly total: number;
  /** Ids of rules that matched in no case, sorted. */
  readonly unexercised: readonly string[];
  /** Those of them that some case misses in a single dimension. */
  readonly nearly: readonly string[];
}

export interface PlannedCase {
  readonly test: string;
  readonly namespace: string;
  readonly at: Position;
  readonly now: string | undefined;
  readonly it: Case;
}

/** @param filter a part of `namespace/test/case` */
export function plannedCases({ tests }: Bundle, filter = ''): PlannedCase[] {
  return tests.flatMap(({ document, at }) => {
    const test = documentId(document);
    const { namespace } = document.metadata;
    const { now, cases } = document.spec;
    return cases.flatMap((it, index) => {
      if (!`${test}/${it.name}`.includes(filter)) return [];
      return [{ test, namespace, at: at(['spec', 'cases', index]), now, it }];
    });
  });
}

export class TestRun {
  readonly #snapshot: Snapshot;
  readonly #now: number;
  readonly #matched = new Set<string>();
  readonly #nearly = new Set<string>();

  /** @param now for Tests and cases that say no time of their own */
  constructor(snapshot: Snapshot, now: number) {
    this.#snapshot = snapshot;
    this.#now = now;
  }

  run({ test, namespace, at, now, it }: PlannedCase): CaseResult {
    const startedMs = performance.now();
    const time = now === undefined ? this.#now : Date.parse(now);
    const rehearsal = { request: it.request, namespace, now: time };
    const verdict = rehearse(rehearsal, this.#snapshot);
    const durationMs = performance.now() - startedMs;
    const { matched, nearly } = exercisedBy(verdict, this.#snapshot);
    for (const id of matched) this.#matched.add(id);
    for (const id of nearly) this.#nearly.add(id);
    const { outcome, reason, rules, errors } = verdict.decision;
    const why = differences(it.expect, verdict);
    if (why.length > 0) {
      why.push(...hints(verdict, serviceIdOf(rehearsal), this.#snapshot));
      why.push(`decided at ${new Date(timeOf(rehearsal)).toISOString()}`);
    }
    const got = { outcome, reason, rules, errors };
    return { test, name: it.name, at, expected: it.expect, got, why, durationMs };
  }

  get coverage(): RuleCoverage {
    const { rules } = this.#snapshot.policy;
    const unexercised: string[] = [];
    for (let index = 0; index < rules.size; index++) {
      const { id } = rules.at(index);
      if (!this.#matched.has(id)) unexercised.push(id);
    }
    const nearly = unexercised.filter((id) => this.#nearly.has(id));
    return { total: rules.size, unexercised, nearly };
  }
}

function differences(expected: Expected, { decision }: Verdict): string[] {
  const { outcome, reason, rules, ruleCount } = decision;
  const why: string[] = [];
  if (outcome !== expected.outcome) why.push(`expected ${expected.outcome}, got ${outcome}`);
  if (expected.reason !== undefined && expected.reason !== reason) {
    why.push(`expected reason ${expected.reason}, got ${reason ?? 'none'}`);
  }
  if (expected.rules !== undefined) {
    const wanted = expected.rules.toSorted();
    const same = wanted.length === ruleCount && wanted.every((id, index) => id === rules[index]);
    if (!same) why.push(`expected rules ${listed(wanted)}, got ${listed(rules)}`);
  }
  return why;
}

function listed(ids: readonly string[]): string {
  return ids.length === 0 ? 'none' : ids.map((id) => `\`${id}\``).join(', ');
}

/** What may be behind it. */
function hints({ decision, service }: Verdict, serviceId: string, snapshot: Snapshot): string[] {
  const { reason, rules, errors } = decision;
  const found: string[] = [];
  if (reason !== undefined) found.push(`${reason}: ${REASONS[reason].sentence}`);
  if (rules.length > 0) found.push(`decided by ${listed(rules)}`);
  found.push(...errors);
  if (service === undefined && reason === 'authz.no_policy') {
    const { policy } = snapshot;
    const ids = Array.from({ length: policy.serviceCount }, (_, at) => policy.serviceAt(at).id);
    const near = nearest(serviceId, ids);
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    found.push(`no service \`${serviceId}\`${hint}`);
  }
  return found;
}
