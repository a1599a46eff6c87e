// How a rule names operations: `name`, `service/name` or `namespace/service/name`; the name may be
// a text pattern.

import type { Operation } from '../access_request.ts';
import { isTextPattern, parseTextPattern, type TextMatcher } from './text_pattern.ts';

export interface OperationReference {
  /** `namespace/service`; undefined means any service that the rule reaches. */
  readonly service: string | undefined;
  readonly name: TextMatcher;
  /** It names one operation: only such a reference reaches a strong verb by itself. */
  readonly exact: boolean;
}

/** The reference, or undefined when it is none. */
export function parseOperationReference(
  text: string,
  namespace: string,
): OperationReference | undefined {
  const parts = text.split('/');
  const last = parts.pop() ?? '';
  const name = parseTextPattern(last);
  if (name === undefined || last === '' || parts.length > 2 || parts.includes('')) return undefined;
  if (parts.some(isTextPattern)) return undefined;
  const service = parts.length === 1 ? `${namespace}/${parts[0]}` : parts.join('/');
  return { service: service === '' ? undefined : service, name, exact: !isTextPattern(last) };
}

export function operationMatches(reference: OperationReference, operation: Operation): boolean {
  if (reference.service !== undefined && reference.service !== operation.service) return false;
  return reference.name(operation.name);
}
