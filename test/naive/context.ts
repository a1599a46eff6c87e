// What stands around a request: what the enforcer asserts of it, and what the operation requires
// came along (docs/semantics.md, "The order of questions", 7 and 9).

import type { NaiveEnforcer } from './destination.ts';
import type { NaiveOperation } from './operation.ts';
import type { NaiveReason, NaiveRequest } from './request.ts';
import type { Situation } from './situation.ts';
import { headerOf, textMatches } from './text.ts';

/**
 * The operation with what the enforcer asserts where Service and operation say nothing; undefined
 * where it contradicts them. What it may not assert is as good as absent.
 */
export function asserted(
  operation: NaiveOperation,
  { extensions }: NaiveRequest,
  { environments, tenants }: NaiveEnforcer,
): NaiveOperation | undefined {
  const word = (name: string, may: readonly string[]) => {
    const value = extensions[name] ?? '';
    return may.some((it) => textMatches(it, value)) ? value : '';
  };
  const environment = word('remit.environment', environments);
  const tenant = word('remit.tenant', tenants);
  const contradicts = (own: string, other: string) => own !== '' && other !== '' && own !== other;
  if (contradicts(operation.environment, environment)) return undefined;
  if (contradicts(operation.tenant, tenant)) return undefined;
  return {
    ...operation,
    environment: operation.environment || environment,
    tenant: operation.tenant || tenant,
  };
}

const RUNTIME = 'remit.runtime.';

/** The facts that the enforcer asserts and may assert. */
export function runtimeFacts(
  { extensions }: NaiveRequest,
  { runtime }: NaiveEnforcer,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(extensions)
      .filter(([name]) => name.startsWith(RUNTIME))
      .map(([name, value]) => [name.slice(RUNTIME.length), value] as const)
      .filter(([name]) => runtime.some((it) => textMatches(it, name))),
  );
}

/** What is missing of what the operation requires; the first of the list that is. */
export function missing(situation: Situation): NaiveReason | undefined {
  const { requires = [] } = situation.operation.document;
  const lacking = requires.find((attribute) => !present(attribute, situation));
  if (lacking === undefined) return undefined;
  const ofBody = lacking === 'request.body' || lacking.startsWith('request.body.');
  const unreadable = ofBody && situation.body.kind === 'unreadable';
  return unreadable ? 'ctx.body_unreadable' : 'ctx.insufficient';
}

function present(attribute: string, situation: Situation): boolean {
  const { principal, request, query, body, runtime } = situation;
  const [, owner, name] = /^(request\.\w+|context\.\w+|principal\.\w+)\.?(.*)$/.exec(attribute)!;
  switch (owner) {
    case 'request.headers':
      return (headerOf(request.headers, name!) ?? '') !== '';
    case 'request.query':
      return query.get(name!)?.some((value) => value !== '') ?? false;
    case 'request.body':
      if (body.kind !== 'read') return false;
      if (name === '') return body.value !== null;
      return body.value instanceof Map && (body.value.get(name) ?? null) !== null;
    case 'context.runtime':
      return (runtime[name!] ?? '') !== '';
    case 'context.sourceIp':
      return request.sourceAddress !== '';
    case 'principal.tenant':
      return principal.tenant !== '';
    case 'principal.environment':
      return principal.environment !== '';
    case 'principal.attributes':
      return Object.hasOwn(principal.attributes, name!);
    default:
      throw new Error(`\`${attribute}\` cannot be required`);
  }
}
