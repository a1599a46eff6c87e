// The rules that there are: those of policies, and each Exception as a permit that also suspends;
// and the state of each at a time.

import type {
  ExceptionDocument,
  FromBlock,
  PolicyDocument,
  RequireBlock,
  RuleDocument,
  ToBlock,
} from '../../engine/bundle/rule_kind.ts';
import type { NaiveOperation } from './operation.ts';
import type { NaiveSettings } from './request.ts';

export interface NaiveRule {
  /** `namespace/policy/rule`, or `namespace/name` of an Exception. */
  readonly id: string;
  readonly namespace: string;
  readonly permit: boolean;
  readonly exception: boolean;
  readonly from: FromBlock;
  readonly to: ToBlock;
  readonly require: RequireBlock;
  readonly condition: string | undefined;
  readonly between: RuleDocument['between'];
  readonly crossTenant: boolean;
  readonly suspendable: boolean;
  /** The forbids that it takes away. */
  readonly suspends: readonly string[];
  readonly obligations: NonNullable<RuleDocument['obligations']>;
  /** The instants at which it leaves its trial, expires, and is overdue; if it ever does. */
  readonly trialEnd: number | undefined;
  readonly expiry: number | undefined;
  readonly overdueFrom: number | undefined;
}

export function naiveRules(
  policies: readonly PolicyDocument[],
  exceptions: readonly ExceptionDocument[],
): NaiveRule[] {
  return [...policies.flatMap(policyRules), ...exceptions.map(exceptionRule)];
}

function policyRules({ metadata, spec }: PolicyDocument): NaiveRule[] {
  return spec.rules.map((rule) => {
    const permit = rule.effect === 'permit';
    const mode = rule.mode ?? spec.mode;
    const trialEnd = mode && Date.parse(mode.until);
    return {
      id: `${metadata.namespace}/${metadata.name}/${rule.id}`,
      namespace: metadata.namespace,
      permit,
      exception: false,
      from: rule.from,
      to: rule.to,
      require: rule.require ?? {},
      condition: rule.condition,
      between: rule.between,
      crossTenant: rule.crossTenant,
      suspendable: rule.suspendable,
      suspends: [],
      obligations: rule.obligations ?? {},
      trialEnd,
      expiry: permit ? trialEnd : undefined,
      // A forbid is never overdue.
      overdueFrom: permit ? reviewEnd(metadata.reviewBy) : undefined,
    };
  });
}

function exceptionRule({ metadata, spec }: ExceptionDocument): NaiveRule {
  return {
    id: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace,
    permit: true,
    exception: true,
    from: spec.from,
    to: spec.to,
    require: spec.require ?? {},
    condition: spec.condition,
    between: spec.between,
    crossTenant: spec.crossTenant,
    suspendable: false,
    suspends: spec.suspends ?? [],
    obligations: {},
    trialEnd: undefined,
    expiry: Date.parse(spec.expiresAt),
    overdueFrom: reviewEnd(metadata.reviewBy),
  };
}

/** A review is over when its day has ended in UTC. */
export function reviewEnd(reviewBy: string | undefined): number | undefined {
  return reviewBy === undefined ? undefined : Date.parse(reviewBy) + 24 * 3_600_000;
}

/** Has the review that ends then been missed, and does that matter? */
export function isOverdue(
  end: number | undefined,
  { overdueReviews }: NaiveSettings,
  now: number,
): boolean {
  return overdueReviews === 'deny' && end !== undefined && now >= end;
}

export function stateOf(
  { trialEnd, expiry, overdueFrom }: NaiveRule,
  settings: NaiveSettings,
  now: number,
): 'in force' | 'on trial' | 'gone' {
  if (trialEnd !== undefined && now < trialEnd) return 'on trial';
  if (expiry !== undefined && now >= expiry) return 'gone';
  return isOverdue(overdueFrom, settings, now) ? 'gone' : 'in force';
}

/** Of its own namespace all; of another what is exported to it and named in full. */
export function reaches({ namespace, to }: NaiveRule, operation: NaiveOperation): boolean {
  if (operation.namespace === namespace) return true;
  const exported = operation.exports.includes('*') || operation.exports.includes(namespace);
  return exported && namesInFull(to, operation);
}

export function namesInFull(
  { services, operations }: Pick<ToBlock, 'services' | 'operations'>,
  { namespace, service }: Pick<NaiveOperation, 'namespace' | 'service'>,
): boolean {
  const id = `${namespace}/${service}`;
  const exact = operations?.filter((it) => !it.includes('*')) ?? [];
  return (services?.includes(id) ?? false) || exact.some((it) => it.startsWith(`${id}/`));
}
