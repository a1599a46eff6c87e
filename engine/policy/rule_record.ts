// A rule as an image holds it: checked, with every name resolved, as plain data. All sources of
// rules are compiled to this one form, and each thread makes matchers of it when a request first
// comes near the rule.

import type { DataClass, PrincipalKind, Verb } from '../access_request.ts';
import type { RuleDocument } from '../bundle/rule_kind.ts';
import type { TypeSpec } from '../cel/type.ts';
import type { Effect } from '../decision.ts';

/** A `from` block; what is not there matches everything. */
export interface FromRecord {
  /** SPIFFE IDs and patterns. */
  readonly principals?: readonly string[];
  readonly trustDomains?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly kinds?: readonly PrincipalKind[];
  /** `namespace/role` */
  readonly roles?: readonly string[];
  readonly actors?: readonly string[];
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly runtime?: Readonly<Record<string, readonly string[]>>;
  readonly ipBlocks?: readonly string[];
  /** The trust domains that namespaces and service accounts mean. */
  readonly home?: readonly string[];
}

/** How a rule names operations. */
export interface OperationRecord {
  /** `namespace/service`; without it any service of the rule's namespace. */
  readonly service?: string;
  /** A text pattern over names. */
  readonly name: string;
}

/** A `to` block, or an entry of a role. */
export interface ToRecord {
  /** `namespace/service` */
  readonly services?: readonly string[];
  readonly operations?: readonly OperationRecord[];
  readonly verbs?: readonly Verb[];
  readonly resources?: readonly string[];
  readonly dataClasses?: readonly DataClass[];
  readonly tiers?: readonly number[];
  readonly environments?: readonly string[];
}

export interface ConditionRecord {
  readonly text: string;
  /** What `request.body` is, where the operations that the rule reaches declare it. */
  readonly body: TypeSpec;
  /** Attributes that it reads, as far as that is known before it runs. */
  readonly reads: readonly string[];
}

export interface RuleRecord {
  /** `namespace/policy/rule`, or `namespace/exception` */
  readonly id: string;
  readonly namespace: string;
  readonly effect: Effect;
  readonly from: FromRecord;
  readonly fromNot?: FromRecord;
  readonly anonymous?: true;
  readonly to: ToRecord;
  readonly toNot?: ToRecord;
  readonly require?: RuleDocument['require'];
  readonly condition?: ConditionRecord;
  readonly between?: RuleDocument['between'];
  readonly obligations?: RuleDocument['obligations'];
  readonly crossTenant?: true;
  readonly suspendable?: true;
  /** Forbids that this exception suspends. */
  readonly suspends?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly shadowUntil?: number;
  readonly expiresAt?: number;
  readonly reviewUntil?: number;
}

export interface RoleRecord {
  /** `namespace/role` */
  readonly id: string;
  readonly namespace: string;
  readonly covers: readonly ToRecord[];
  readonly reviewUntil?: number;
}
