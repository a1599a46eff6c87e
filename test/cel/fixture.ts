// An environment like the one of rules, and values for it from plain JavaScript.

import assert from 'node:assert/strict';
import { Condition, compileCondition } from '../../engine/cel/condition.ts';
import type { ConditionError } from '../../engine/cel/condition_error.ts';
import { CelFailure } from '../../engine/cel/failure.ts';
import type { Activation } from '../../engine/cel/frame.ts';
import type { Environment } from '../../engine/cel/type.ts';
import type { CelStruct, CelValue } from '../../engine/cel/value.ts';

export const ENVIRONMENT: Environment = {
  variables: {
    principal: {
      object: {
        id: 'string',
        tenant: { optional: 'string' },
        roles: { list: 'string' },
        attributes: { map: 'string' },
      },
    },
    resource: { object: { id: 'string', tenant: { optional: 'string' }, tier: 'int' } },
    request: {
      object: {
        path: 'string',
        time: 'timestamp',
        headers: { map: 'string' },
        body: { optional: { object: { amount: { optional: 'int' }, currency: 'string' } } },
        parts: { list: { object: { size: 'int', name: { optional: 'string' } } } },
      },
    },
    context: 'dyn',
  },
};

/** Plain JavaScript: objects are structs unless they are maps. */
export type Plain = CelValue | { readonly [name: string]: Plain | undefined } | readonly Plain[];

class Fields implements CelStruct {
  readonly #fields: ReadonlyMap<string, CelValue>;

  constructor(fields: Readonly<Record<string, Plain | undefined>>) {
    const present = Object.entries(fields).flatMap(([name, value]): [string, CelValue][] =>
      value === undefined ? [] : [[name, fromPlain(value)]],
    );
    this.#fields = new Map(present);
  }

  field(name: string): CelValue | undefined {
    return this.#fields.get(name);
  }
}

export function fromPlain(plain: Plain): CelValue {
  if (Array.isArray(plain)) return plain.map(fromPlain);
  const isPlain =
    typeof plain === 'object' &&
    plain !== null &&
    Object.getPrototypeOf(plain) === Object.prototype;
  // A plain object is none of the classes of values.
  return isPlain ? new Fields(plain as Record<string, Plain>) : (plain as CelValue);
}

const DEFAULTS: Readonly<Record<string, Plain>> = {
  principal: { id: 'spiffe://a/b', tenant: 'acme', roles: ['admin', 'ops'], attributes: new Map() },
  resource: { id: 'account/7', tenant: 'acme', tier: 2n },
  request: {
    path: '/v1/a',
    headers: new Map([['x-tenant', 'acme']]),
    body: { amount: 500n, currency: 'EUR' },
    parts: [{ size: 1n }, { size: 2n, name: 'b' }],
  },
  context: new Map<string, CelValue>([['list', [1n, 2n]]]),
};

export function activation(values: Readonly<Record<string, Plain>> = {}): Activation {
  const all: Readonly<Record<string, Plain>> = { ...DEFAULTS, ...values };
  return Object.keys(ENVIRONMENT.variables).map((name) => {
    const value = all[name];
    return value === undefined ? undefined : fromPlain(value);
  });
}

export function conditionOf(text: string, forbid = false): Condition {
  const compiled = compileCondition(text, ENVIRONMENT, { forbid });
  assert.ok(compiled instanceof Condition, JSON.stringify(compiled));
  return compiled;
}

export function errorsOf(text: string, forbid = false): readonly ConditionError[] {
  const compiled = compileCondition(text, ENVIRONMENT, { forbid });
  return compiled instanceof Condition ? [] : compiled;
}

/** `true`, `false` or the kind of the failure. */
export function verdict(text: string, values: Readonly<Record<string, Plain>> = {}): string {
  const result = conditionOf(text).evaluate(activation(values));
  return result instanceof CelFailure ? result.kind : String(result);
}
