// One request decided twice, by the engine and by the naive evaluator, and the smallest bundle on
// which the two still differ.

import { stringify } from 'yaml';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { NO_FACTS } from '../../engine/facts.ts';
import { DEFAULT_SETTINGS } from '../../engine/settings.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { checkEnvoy } from '../../envoy/check.ts';
import { CheckRequest } from '../fuzz/official_messages.ts';
import { evaluate, type NaiveBundle, naiveBundle } from '../naive/evaluate.ts';
import {
  type NaiveAsker,
  type NaiveDecision,
  type NaiveResult,
  type NaiveSettings,
  naiveRequest,
  type OfficialRequest,
} from '../naive/request.ts';
import type { Doc } from './vocabulary.ts';

/** One bundle in both forms. */
export interface Pair {
  readonly snapshot: Snapshot;
  readonly naive: NaiveBundle;
  readonly settings: NaiveSettings;
}

/** Through YAML text and the parser, as a file would come. */
export function load(documents: readonly Doc[], settings: NaiveSettings): Pair {
  const text = documents.map((document) => stringify(document)).join('---\n');
  const diagnostics = new Diagnostics();
  const files = [{ name: 'bundle.yaml', text }];
  const source = { files, keyFiles: new Map() };
  const complete = { ...DEFAULT_SETTINGS, ...settings };
  const snapshot = compileSnapshot(source, complete, 1, diagnostics);
  if (snapshot === undefined) {
    throw new Error(`${diagnostics.list.map(formatDiagnostic).join('\n')}\n${text}`);
  }
  return { snapshot, naive: naiveBundle(parseBundle(files, new Diagnostics())), settings };
}

/** What the engine says, in the words of the naive evaluator, and until when it says so. */
export type EngineResult = NaiveDecision & { readonly validUntil: number };

export interface Both {
  readonly engine: EngineResult;
  readonly naive: NaiveResult;
}

/** The fields of the engine's decision that are compared. */
type Told = Partial<Omit<EngineResult, 'principal' | 'operation'>>;

export function decideBoth(
  pair: Pair,
  request: OfficialRequest,
  asker: NaiveAsker,
  now: number,
): Both {
  const bytes = Buffer.from(CheckRequest.encode(CheckRequest.fromObject(request)).finish());
  const step = checkEnvoy(bytes, asker, pair.snapshot, NO_FACTS, now);
  if (step.kind !== 'answer') throw new Error(`a step \`${step.kind}\` has no producer yet`);
  const { decision, principal, access } = step.answer.verdict;
  const told: Told = decision;
  return {
    engine: {
      outcome: told.outcome ?? 'deny',
      reason: told.reason,
      rules: told.rules ?? [],
      ruleCount: told.ruleCount ?? 0,
      shadow: told.shadow ?? [],
      // What an operation requires and did not get is no rule.
      errors: (told.errors ?? []).filter((error) => !error.startsWith('missing ')),
      obligations: told.obligations ?? { headers: [], metadata: [], denialBody: '' },
      validUntil: told.validUntil ?? 0,
      principal: principal?.id,
      operation: access?.operation.id,
    },
    naive: evaluateNaively(pair, request, asker, now),
  };
}

export function evaluateNaively(
  pair: Pair,
  request: OfficialRequest,
  asker: NaiveAsker,
  now: number,
): NaiveResult {
  return evaluate(naiveRequest(request), pair.naive, pair.settings, asker, now);
}

export function agree({ engine, naive }: Both): boolean {
  return compared(engine, naive) === compared(naive, naive) && naive.holds(engine.validUntil);
}

const ERRORS_COMPARED = 16;

/** What both have to say alike, in one order. */
function compared(result: NaiveDecision, naive: NaiveResult): string {
  const { outcome, reason, rules, ruleCount, shadow, errors, obligations } = result;
  const { headers, metadata, denialBody } = obligations;
  const byName = (list: readonly (readonly [string, unknown])[]) =>
    [...list].sort(([a], [b]) => (a < b ? -1 : 1));
  // Whether it counts as proved who was refused for where his credential may be used, and as an
  // operation what contradicts itself, nobody says.
  const early = naive.operation === undefined && naive.reason?.startsWith('authn.');
  const principal = early && naive.principal !== undefined ? '' : result.principal;
  const operation = naive.reason === 'ctx.destination_conflict' ? '' : result.operation;
  return JSON.stringify([
    [outcome, reason, rules, ruleCount, shadow, principal, operation],
    errors
      .map((it) => it.split(': ')[0])
      .sort()
      .slice(0, ERRORS_COMPARED),
    [byName(headers), byName(metadata), denialBody],
  ]);
}

/**
 * Drops documents and rules as long as the two still differ; a bundle that no longer loads stays.
 */
export function reduce(
  documents: readonly Doc[],
  differs: (documents: readonly Doc[]) => boolean,
): readonly Doc[] {
  const stillDiffers = (smaller: readonly Doc[]): boolean => {
    try {
      return differs(smaller);
    } catch {
      // It does not load without the part: that part stays.
      return false;
    }
  };
  let kept = documents;
  for (let changed = true; changed; ) {
    changed = false;
    for (const smaller of smallerBundles(kept)) {
      if (!stillDiffers(smaller)) continue;
      kept = smaller;
      changed = true;
      break;
    }
  }
  return kept;
}

function* smallerBundles(documents: readonly Doc[]): Generator<readonly Doc[]> {
  for (const index of documents.keys()) yield documents.toSpliced(index, 1);
  for (const [index, document] of documents.entries()) {
    for (const spec of smallerSpecs(document.spec)) {
      yield documents.with(index, { ...document, spec });
    }
  }
}

/** Without one rule, one operation, one key of a rule's blocks, or one key of another kind's. */
function* smallerSpecs(spec: Doc['spec']): Generator<Doc['spec']> {
  const { rules, operations } = spec;
  if (Array.isArray(rules)) {
    for (const index of rules.keys()) yield { ...spec, rules: rules.toSpliced(index, 1) };
    for (const [index, rule] of rules.entries()) {
      for (const smaller of withoutKeys(rule)) yield { ...spec, rules: rules.with(index, smaller) };
    }
  } else if (typeof operations === 'object') {
    for (const smaller of withoutKeys(operations)) yield { ...spec, operations: smaller };
  } else yield* withoutKeys(spec);
}

function* withoutKeys(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const { [key]: _dropped, ...rest } = value as Record<string, unknown>; // Checked above.
    yield rest;
    for (const smaller of withoutKeys(inner)) yield { ...rest, [key]: smaller };
  }
}

export function bundleText(documents: readonly Doc[]): string {
  return documents
    .map((document) => stringify(document, { flowCollectionPadding: false }))
    .join('---\n');
}
