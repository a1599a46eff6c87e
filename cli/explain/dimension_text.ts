// What a rule asks for in a dimension, and what the request is: the words of an explanation.

import type { AccessRequest } from '../../engine/access_request.ts';
import type { ConsideredRule } from './considered.ts';

/** @param name of a dimension in which the rule failed */
export function failureText(
  name: string,
  { rule, condition }: ConsideredRule,
  access: AccessRequest,
): string {
  const { record } = rule;
  const { principal, operation, resource, context, request } = access;
  const { entry } = principal;
  const wants = (wanted: object, is: string) => `wants ${JSON.stringify(wanted)}; is ${is}`;
  switch (name) {
    case 'proof':
      return wants(record.require ?? {}, proofText(access));
    case 'boundary':
      return (
        `environment of the caller ${shown(entry.environment)}, of the operation ` +
        `${shown(operation.environment)}; tenant of the caller ${shown(entry.tenant)}, of the ` +
        `resource ${shown(resource.tenant)}; home ${(record.from.home ?? ['any']).join(', ')}`
      );
    case 'environment':
      return wants({ environments: record.to.environments }, shown(operation.environment));
    case 'window':
      return wants(record.between ?? {}, new Date(access.now).toISOString());
    case 'runtime': {
      const { runtime, ipBlocks } = record.from;
      const is = JSON.stringify({
        runtime: Object.fromEntries(context.runtime),
        sourceIp: request.sourceAddress,
      });
      return wants({ runtime, ipBlocks }, is);
    }
    case 'verb': {
      const { verbs, operations } = record.to;
      const names = operations?.map((it) => it.name);
      const strong = verbs === undefined && names === undefined ? ', which a rule has to name' : '';
      return wants({ verbs, operations: names }, `${operation.verb} ${operation.name}${strong}`);
    }
    case 'resource': {
      const { resources, dataClasses, tiers } = record.to;
      const is = `${resource.type}/${resource.id} ${operation.dataClass}`;
      return wants({ resources, dataClasses, tiers, not: record.toNot }, is);
    }
    case 'role': {
      const roles = entry.roles.join(', ');
      return wants({ roles: record.from.roles }, roles === '' ? 'without a role' : `${roles}`);
    }
    case 'task':
    case 'approval':
      return `wants ${JSON.stringify(record.require)}; no ${name} exists in this version`;
    case 'condition':
      return `\`${record.condition?.text ?? ''}\` gives ${String(condition)}`;
    case 'who':
      return wants(
        { ...record.from, home: undefined, not: record.fromNot, anonymous: record.anonymous },
        principal.id === '' ? 'anonymous' : principal.id,
      );
    default:
      return '';
  }
}

function proofText({ principal, context, now }: AccessRequest): string {
  const { notBefore } = context;
  const age = notBefore === undefined ? '' : `, ${Math.floor((now - notBefore) / 1000)} s old`;
  return `${principal.assurance}${age}`;
}

function shown(text: string): string {
  return text === '' ? 'none' : `\`${text}\``;
}
