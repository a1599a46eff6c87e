// Conditions where a bundle is loaded: whether they compile for the operations that their rule
// reaches, and which attributes they read.

import { Condition as CelCondition, compileCondition } from '../cel/condition.ts';
import type { TypeSpec } from '../cel/type.ts';
import type { Effect } from '../decision.ts';
import { isHeaderInUpperCase } from '../header_name.ts';
import type { RuleContext } from './block_compiler.ts';
import { conditionEnvironment } from './condition_variables.ts';
import type { ConditionRecord, ToRecord } from './rule_record.ts';
import type { Service } from './service.ts';
import { parseTextPattern } from './text_pattern.ts';

type Report = (message: string, expected?: string, suggestion?: string) => void;

/** Undefined with a mistake reported. */
export function checkCondition(
  text: string,
  effect: Effect,
  to: ToRecord,
  namespace: string,
  { services }: Pick<RuleContext, 'services'>,
  report: Report,
): ConditionRecord | undefined {
  const body = text.includes('body') ? bodyType(to, namespace, services) : 'dyn';
  const forbid = effect === 'forbid';
  const compiled = compileCondition(text, conditionEnvironment(body), { forbid });
  if (compiled instanceof CelCondition) {
    const { reads } = compiled;
    if (reads.includes('request.headers') || reads.includes('request')) {
      report('a condition reads headers one by one', "`request.headers['name']`");
      return undefined;
    }
    const never = reads.find(isHeaderInUpperCase);
    if (never === undefined) return { text, body, reads };
    report(`\`${never}\` is never there: names of headers are in lower case`, never.toLowerCase());
    return undefined;
  }
  for (const { message, offset, expected, suggestion } of compiled) {
    report(`at character ${offset + 1} of the condition: ${message}`, expected, suggestion);
  }
  return undefined;
}

/** What the operations declare that the rule reaches; `dyn` where they differ. */
function bodyType(to: ToRecord, namespace: string, services: RuleContext['services']): TypeSpec {
  const ids = to.services ?? [
    ...[...(services.get(namespace)?.values() ?? [])].map(({ id }) => id),
    ...(to.operations ?? []).flatMap(({ service }) => service ?? []),
  ];
  const types = new Map<string, TypeSpec>();
  for (const id of new Set(ids)) {
    const service = serviceOf(id, services);
    for (const route of service?.operations ?? []) {
      if (!isReached(to, id, route.name)) continue;
      const type = route.body?.typeSpec ?? 'dyn';
      types.set(JSON.stringify(type), type);
    }
  }
  const [type, ...others] = types.values();
  return type === undefined || others.length > 0 ? 'dyn' : type;
}

function serviceOf(id: string, services: RuleContext['services']): Service | undefined {
  const slash = id.indexOf('/');
  return services.get(id.slice(0, slash))?.get(id.slice(slash + 1));
}

function isReached({ operations }: ToRecord, id: string, name: string): boolean {
  return (
    operations === undefined ||
    operations.some((it) => {
      const named = it.service === undefined || it.service === id;
      return named && parseTextPattern(it.name)?.(name) === true;
    })
  );
}
