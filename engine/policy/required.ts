// What an operation requires of a request besides its shape (C-082): attributes without which
// nothing is permitted, whatever the rules say.

import type { AccessRequest } from '../access_request.ts';
import { attributeNames } from '../attribute_path.ts';
import { BodyProblem } from '../body/body.ts';
import { RULES_NAMED_MAX } from '../decision.ts';
import type { Reason } from '../reason.ts';

interface Missing {
  readonly reason: Reason;
  /** `missing PATH`, each. */
  readonly errors: readonly string[];
}

/** Undefined when all of it came along. */
export function missingOf(paths: readonly string[], access: AccessRequest): Missing | undefined {
  access.reads.push(paths);
  const missing = paths.filter((path) => !isThere(path, access));
  if (missing.length === 0) return undefined;
  const unreadable = missing[0]!.startsWith('request.body') && isUnreadable(access);
  return {
    reason: unreadable ? 'ctx.body_unreadable' : 'ctx.insufficient',
    errors: missing.slice(0, RULES_NAMED_MAX).map((path) => `missing ${path}`),
  };
}

/** It came, and could not be read; an absent one is merely missing. */
function isUnreadable(access: AccessRequest): boolean {
  const body = access.body();
  return body instanceof BodyProblem && body.state !== 'absent';
}

function isThere(path: string, access: AccessRequest): boolean {
  const { principal, context, request } = access;
  const [root, group, ...rest] = attributeNames(path);
  const name = rest.join('.');
  switch (`${root}.${group}`) {
    case 'request.headers':
      return (request.headers().get(name) ?? '') !== '';
    case 'request.query':
      return (
        request
          .query()
          ?.get(name)
          ?.some((value) => value !== '') ?? false
      );
    case 'request.body':
      return bodyHas(access, rest);
    case 'context.runtime':
      return (context.runtime.get(name) ?? '') !== '';
    case 'context.sourceIp':
      return request.sourceAddress !== '';
    case 'principal.tenant':
      return principal.entry.tenant !== '';
    case 'principal.environment':
      return principal.entry.environment !== '';
    case 'principal.attributes':
      return principal.entry.attributes.has(name);
    default:
      return false;
  }
}

function bodyHas(access: AccessRequest, names: readonly string[]): boolean {
  let value: unknown = access.body();
  if (value instanceof BodyProblem) return false;
  for (const name of names) {
    value = value instanceof Map ? value.get(name) : undefined;
    if (value === undefined) return false;
  }
  return value !== null;
}
