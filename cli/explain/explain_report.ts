// An explanation as text and as JSON: the outcome, the facts that it rests on, every rule that was
// considered, and the change that flips it.

import type { Verdict } from '../../engine/check.ts';
import { namesOf } from '../../engine/policy/dimension.ts';
import { REASONS } from '../../engine/reason.ts';
import { harmless, type Palette } from '../terminal.ts';
import { type ConsideredRule, matches } from './considered.ts';
import { failureText } from './dimension_text.ts';
import type { Flip } from './find_flip.ts';

export interface Explanation {
  readonly at: number;
  readonly verdict: Verdict;
  readonly rules: readonly ConsideredRule[];
  /** A number of changes that were tried in vain. */
  readonly flip: Flip | number;
}

/** Rules shown as text, beyond those that match. */
const SHOWN_MAX = 40;

type Fields = Readonly<Record<string, unknown>>;

function factsOf({ at, verdict }: Explanation): Readonly<Record<string, Fields>> {
  const { evidence, principal, service, access } = verdict;
  const time = new Date(at).toISOString();
  const entry = principal?.entry;
  const caller = {
    id: principal?.id || null,
    known: principal?.known ?? false,
    kind: entry?.kind,
    assurance: evidence.assurance,
    environment: entry?.environment || null,
    tenant: entry?.tenant || null,
    roles: entry?.roles ?? [],
    attributes: Object.fromEntries(entry?.attributes ?? []),
    ceiling: entry?.ceiling ?? null,
    expiresAt: instant(entry?.expiresAt),
  };
  if (access === undefined) return { caller, request: { time, service: service?.id ?? null } };
  const { operation, resource, context, request } = access;
  return {
    caller,
    operation: {
      id: operation.id,
      verb: operation.verb,
      dataClass: operation.dataClass,
      environment: operation.environment || null,
      tier: operation.tier ?? null,
    },
    resource: { id: `${resource.type}/${resource.id}`, tenant: resource.tenant || null },
    request: {
      time,
      method: request.method,
      path: request.path,
      sourceIp: request.sourceAddress || null,
      runtime: Object.fromEntries(context.runtime),
    },
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}

function ruleFields(it: ConsideredRule, { access }: Verdict): Fields {
  const names = namesOf(it.failed);
  const failed = names.map((name) => {
    return { dimension: name, why: access === undefined ? '' : failureText(name, it, access) };
  });
  const { id, effect, record } = it.rule;
  return {
    rule: id,
    effect,
    standing: it.standing,
    suspendedBy: it.suspendedBy ?? null,
    matches: matches(it),
    matched: it.matched,
    failed,
    condition:
      record.condition === undefined
        ? null
        : { text: record.condition.text, result: it.condition ?? 'not looked at' },
  };
}

export function explanationJson(explanation: Explanation): string {
  const { verdict, rules, flip } = explanation;
  const { outcome, reason, rules: decided, errors, shadow, validUntil } = verdict.decision;
  const flipped =
    typeof flip === 'number'
      ? { found: false, tried: flip }
      : {
          found: true,
          kind: flip.change.kind,
          change: flip.change.text,
          outcome: flip.verdict.decision.outcome,
          reason: flip.verdict.decision.reason ?? null,
          rules: flip.verdict.decision.rules,
        };
  const all = {
    outcome,
    reason: reason ?? null,
    sentence: reason === undefined ? null : REASONS[reason].sentence,
    decidedBy: decided,
    errors,
    shadow,
    validUntil: new Date(validUntil).toISOString(),
    facts: factsOf(explanation),
    rules: rules.map((it) => ruleFields(it, verdict)),
    flip: flipped,
  };
  return `${JSON.stringify(all, null, 2)}\n`;
}

export function explanationText(explanation: Explanation, palette: Palette): string {
  const { verdict, rules, flip } = explanation;
  const { outcome, reason, rules: decided, errors, shadow } = verdict.decision;
  const paint = outcome === 'allow' ? palette.good : palette.bad;
  const lines = [paint(reason === undefined ? outcome : `${outcome} ${reason}`)];
  if (reason !== undefined) lines.push(`  ${REASONS[reason].sentence}`);
  if (decided.length > 0) lines.push(`  decided by ${decided.join(', ')}`);
  for (const error of errors) lines.push(`  ${harmless(error)}`);
  for (const it of shadow) lines.push(`  on trial: ${it.rule} would ${it.outcome}`);
  lines.push('', palette.strong('Facts'));
  for (const [name, fields] of Object.entries(factsOf(explanation))) {
    lines.push(`  ${name.padEnd(10)}${harmless(factsText(fields))}`);
  }
  lines.push('', palette.strong(`Rules that reach the service (${rules.length})`));
  const shown = rules.filter((it, index) => matches(it) || index < SHOWN_MAX);
  for (const it of shown) lines.push(...ruleLines(it, verdict, palette));
  const more = rules.length - shown.length;
  if (more > 0) lines.push(`  and ${more} further away; --json has them all`);
  lines.push('', palette.strong('What would flip it'), ...flipLines(flip, palette));
  return `${lines.join('\n')}\n`;
}

function factsText(fields: Fields): string {
  const known = Object.entries(fields).filter(([, it]) => {
    const empty = typeof it === 'object' && it !== null && Object.keys(it).length === 0;
    return it !== null && it !== undefined && it !== '' && !empty;
  });
  return known
    .map(([name, it]) => `${name}=${typeof it === 'object' ? JSON.stringify(it) : it}`)
    .join('  ');
}

function ruleLines(it: ConsideredRule, { access }: Verdict, palette: Palette): string[] {
  const { id, effect, record } = it.rule;
  const standing = it.standing === 'in force' ? '' : `, ${it.standing}`;
  const suspended = it.suspendedBy === undefined ? '' : `, suspended by ${it.suspendedBy}`;
  const verdict = matches(it) ? palette.good('matches') : palette.faint('does not match');
  const lines = [`  ${effect} ${palette.strong(id)}: ${verdict}${standing}${suspended}`];
  if (it.matched.length > 0) lines.push(palette.faint(`    matched ${it.matched.join(', ')}`));
  for (const name of namesOf(it.failed)) {
    const why = access === undefined ? '' : ` ${harmless(failureText(name, it, access))}`;
    lines.push(`    ${palette.bad('failed')} ${name}:${why}`);
  }
  if (record.condition !== undefined && matches(it)) {
    lines.push(
      `    condition \`${harmless(record.condition.text)}\` gives ${String(it.condition)}`,
    );
  }
  return lines;
}

function flipLines(flip: Flip | number, palette: Palette): string[] {
  if (typeof flip === 'number') {
    return [`  no single change does: ${flip} were tried, each by deciding again`];
  }
  const { change, verdict } = flip;
  const { outcome, reason, rules } = verdict.decision;
  const by = rules.length === 0 ? '' : ` by ${rules.join(', ')}`;
  return [
    `  ${change.kind}: ${harmless(change.text)}`,
    `  decided again with it: ${palette.strong(outcome)}${reason === undefined ? '' : ` ${reason}`}${by}`,
  ];
}
