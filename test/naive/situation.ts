// One request at one time, as rules see it: who, what, and under which circumstances.

import type { RoleDocument } from '../../engine/bundle/rule_kind.ts';
import type { NaiveBody } from './body.ts';
import type { NaiveOperation } from './operation.ts';
import type { NaivePrincipal } from './principal.ts';
import type { NaiveRequest, NaiveSettings } from './request.ts';

export interface Situation {
  readonly now: number;
  readonly settings: NaiveSettings;
  readonly principal: NaivePrincipal;
  readonly operation: NaiveOperation;
  readonly roles: readonly RoleDocument[];
  /** The trust domains that namespaces mean where a rule names none. */
  readonly home: readonly string[];
  readonly request: NaiveRequest;
  /** Canonical; empty for a connection. */
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly body: NaiveBody;
  /** The id of the enforcer. */
  readonly enforcer: string;
  /** What it asserts and may assert. */
  readonly runtime: Readonly<Record<string, string>>;
}

/** Name → values in order, decoded once, `+` a space. */
export function queryOf(path: string): Map<string, string[]> {
  const query = new Map<string, string[]>();
  const [, text = ''] = /^[^?#]*\?([^#]*)/s.exec(path) ?? [];
  for (const pair of text.split('&').filter((it) => it !== '')) {
    const [name, ...value] = pair.split('=').map((it) => it.replaceAll('+', ' '));
    const key = decoded(name!);
    query.set(key, [...(query.get(key) ?? []), decoded(value.join('='))]);
  }
  return query;
}

/** What cannot be decoded stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
