// Conditions, evaluated by another implementation of CEL than the engine's. What a failure is
// called does not matter, but whether it is the body that could not be read.

import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Situation } from './situation.ts';
import { headerOf, lower } from './text.ts';

export type ConditionResult = 'true' | 'false' | 'failed' | 'body';
export type Evaluate = (condition: string) => ConditionResult;

type Fields = ReadonlyMap<string, CelInput>;

const environment = celEnv();
const planned = new Map<string, ReturnType<typeof plan>>();

const HAS_BODY_FIELD = /\bhas\((request\.body\.\w+)\)/g;

/** Evaluates conditions over one request. */
export function evaluator(situation: Situation): Evaluate {
  let variables: Record<string, CelInput> | undefined;
  const { body } = situation;
  const hasFields = body.kind !== 'read' || body.value instanceof Map;
  return (text) => {
    // Of what has no fields `has` is an error (CEL specification, "Field Selection"); the library
    // says false.
    const condition = hasFields ? text : text.replaceAll(HAS_BODY_FIELD, '($1 == null)');
    const run = planned.get(condition) ?? plan(environment, parse(condition));
    planned.set(condition, run);
    variables ??= variablesOf(situation);
    const request = requestOf(situation);
    const result = run({ ...variables, request });
    if (result === true || result === false) return result ? 'true' : 'false';
    // Whatever else may have failed beside it: it cannot be told without the body.
    return isCelError(result) && request.bodyMissed ? 'body' : 'failed';
  };
}

/** Sees whether somebody asked for a body that is not there. */
class RequestFields extends Map<string, CelInput> {
  bodyMissed = false;

  override get(key: string): CelInput | undefined {
    if (key === 'body' && !this.has(key)) this.bodyMissed = true;
    return super.get(key);
  }
}

function requestOf({ request, path, query, body, operation }: Situation): RequestFields {
  const { http, headers } = request;
  const names = new Set(headers.map(([name]) => lower(name)));
  const fields = new RequestFields([
    ['method', http?.method ?? ''],
    ['path', path],
    ['host', http?.host ?? ''],
    ['headers', new Map([...names].map((name) => [name, headerOf(headers, name) ?? '']))],
    ['query', query],
    ['captures', fieldsOf(operation.captures)],
  ]);
  if (body.kind === 'read') fields.set('body', body.value);
  return fields;
}

function variablesOf(situation: Situation): Record<string, CelInput> {
  const { principal, operation, now, request, runtime, enforcer } = situation;
  const { id, attributes } = principal;
  const { document } = operation;
  return {
    principal: fieldsOf({
      id: id?.text ?? '',
      kind: principal.kind,
      trustDomain: id?.trustDomain ?? '',
      namespace: id?.namespace ?? '',
      serviceAccount: id?.serviceAccount ?? '',
      tenant: principal.tenant,
      environment: principal.environment,
      assurance: principal.assurance,
      roles: principal.roles,
      attributes: new Map(
        Object.entries(attributes).map(([name, value]): [string, CelInput] => [
          name,
          typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value,
        ]),
      ),
      actors: [],
    }),
    action: fieldsOf({
      operation: operation.name,
      verb: operation.verb,
      service: `${operation.namespace}/${operation.service}`,
    }),
    resource: fieldsOf({
      type: operation.resourceType,
      id: operation.resourceId,
      tenant: operation.tenant,
      dataClass: operation.dataClass,
      environment: operation.environment,
      ...(document.tier === undefined ? {} : { tier: BigInt(document.tier) }),
    }),
    context: fieldsOf({
      time: timestampFromMs(now),
      enforcer,
      ...(request.sourceAddress === '' ? {} : { sourceIp: request.sourceAddress }),
      runtime: fieldsOf(runtime),
    }),
    // Nothing of these exists in this version.
    task: fieldsOf({}),
    token: fieldsOf({}),
    mcp: fieldsOf({}),
  };
}

function fieldsOf(object: Readonly<Record<string, CelInput>>): Fields {
  return new Map(Object.entries(object));
}
