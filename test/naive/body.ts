// The body of a request as conditions read it: whole, JSON, and as the operation declares it, or
// not at all.

import type { OperationDocument } from '../../engine/bundle/service_kind.ts';
import type { NaiveRequest } from './request.ts';
import { headerOf } from './text.ts';

/** A value of conditions: whole numbers are apart from the others. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | ReadonlyMap<string, Value>;

export type NaiveBody =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'read'; readonly value: Value };

const UNREADABLE: NaiveBody = { kind: 'unreadable' };

export function bodyOf(
  { http, body, headers }: NaiveRequest,
  declared: OperationDocument['body'],
): NaiveBody {
  if (http === undefined) return { kind: 'absent' };
  const header = (name: string) => headerOf(headers, name) ?? '';
  const length = header('content-length');
  if (header('x-envoy-auth-partial-body') === 'true') return UNREADABLE;
  if (length !== '' && Number(length) > body.length) return UNREADABLE;
  if (body.length === 0) return { kind: 'absent' };
  const encoding = header('content-encoding');
  if (encoding !== '' && encoding !== 'identity') return UNREADABLE;
  if (!/^application\/([\w.-]+\+)?json *(;|$)/i.test(header('content-type'))) return UNREADABLE;
  try {
    const json: unknown = JSON.parse(body.toString());
    const value = declared === undefined ? dynamic(json) : conforming(json, declared);
    return { kind: 'read', value };
  } catch {
    return UNREADABLE;
  }
}

class DoesNotConform extends Error {}

/** What JSON says by itself. */
function dynamic(json: unknown): Value {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map(dynamic);
  return new Map(Object.entries(json as object).map(([key, value]) => [key, dynamic(value)]));
}

/** `int`, `string?`, `[T]`, `{name: T}`; throws where the value is something else. */
function conforming(json: unknown, type: unknown): Value {
  if (Array.isArray(type)) {
    if (!Array.isArray(json)) throw new DoesNotConform();
    return json.map((item) => conforming(item, type[0]));
  }
  if (typeof type === 'object') {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new DoesNotConform();
    // What is not declared is not seen.
    return new Map(
      Object.entries(type as object).flatMap(([name, inner]): [string, Value][] => {
        const optional = typeof inner === 'string' && inner.endsWith('?');
        if (!Object.hasOwn(json, name)) {
          if (optional) return [];
          throw new DoesNotConform();
        }
        // Checked: an own field of an object.
        const value = (json as Record<string, unknown>)[name];
        return [[name, conforming(value, optional ? inner.slice(0, -1) : inner)]];
      }),
    );
  }
  if (type === 'any') return dynamic(json);
  if (type === 'string' && typeof json === 'string') return json;
  if (type === 'bool' && typeof json === 'boolean') return json;
  if (type === 'double' && typeof json === 'number') return json;
  if (type === 'int' && typeof json === 'number' && Number.isInteger(json)) return BigInt(json);
  throw new DoesNotConform();
}
