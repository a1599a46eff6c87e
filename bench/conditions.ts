// What one evaluation of a condition takes, for ours and for @bufbuild/cel: nanoseconds, and bytes
// allocated. Run with `node --expose-gc --min-semi-space-size=1024 --max-semi-space-size=1024
// bench/conditions.ts`, so that no collection falls into the count of bytes.

import { celEnv, parse, plan } from '@bufbuild/cel';
import { Condition, compileCondition } from '../engine/cel/condition.ts';
import type { Environment } from '../engine/cel/type.ts';
import type { CelStruct, CelValue } from '../engine/cel/value.ts';

const ENVIRONMENT: Environment = {
  variables: {
    principal: { object: { id: 'string', tenant: 'string', roles: { list: 'string' } } },
    resource: { object: { tenant: 'string' } },
    request: {
      object: {
        path: 'string',
        headers: { map: 'string' },
        body: { optional: { object: { amount: { optional: 'int' } } } },
      },
    },
  },
};

/** As a view of a request will be: a switch over the names of its fields. */
class Principal implements CelStruct {
  readonly id = 'spiffe://prod.example/ns/shop/sa/checkout';
  readonly tenant = 'acme';
  readonly roles: readonly CelValue[] = ['reader', 'writer', 'operator'];

  field(name: string): CelValue | undefined {
    if (name === 'id') return this.id;
    if (name === 'tenant') return this.tenant;
    return name === 'roles' ? this.roles : undefined;
  }
}

class Resource implements CelStruct {
  readonly tenant = 'acme';

  field(name: string): CelValue | undefined {
    return name === 'tenant' ? this.tenant : undefined;
  }
}

class Body implements CelStruct {
  readonly amount = 500n;

  field(name: string): CelValue | undefined {
    return name === 'amount' ? this.amount : undefined;
  }
}

class Request implements CelStruct {
  readonly path = '/v1/tenants/acme/accounts/7/refunds';
  readonly headers: ReadonlyMap<string, CelValue> = new Map([['x-tenant', 'acme']]);
  readonly body = new Body();

  field(name: string): CelValue | undefined {
    if (name === 'path') return this.path;
    if (name === 'headers') return this.headers;
    return name === 'body' ? this.body : undefined;
  }
}

const CONDITIONS = [
  'resource.tenant == principal.tenant && request.body.amount <= 500',
  'has(request.body) && has(request.body.amount) && request.body.amount <= 500',
  'request.?body.?amount.orValue(0) <= 500',
  "'writer' in principal.roles && request.headers['x-tenant'] == resource.tenant",
  "principal.roles.exists(r, r.startsWith('oper'))",
  "request.path.matches('^/v1/tenants/[a-z]+/accounts/[0-9]+')",
];

const ROUNDS = 5;
const ITERATIONS = 300_000;
/** The other one is slow enough to be seen with fewer. */
const ITERATIONS_OTHER = 30_000;

const PRINCIPAL = new Principal();
const RESOURCE = new Resource();
const REQUEST = new Request();

function measure(evaluate: () => unknown, iterations: number): string {
  if (evaluate() !== true) return 'not evaluated';
  let best = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    globalThis.gc?.();
    const heap = process.memoryUsage().heapUsed;
    const start = process.hrtime.bigint();
    for (let i = 0; i < iterations; i++) evaluate();
    const elapsed = Number(process.hrtime.bigint() - start) / iterations;
    bytes = (process.memoryUsage().heapUsed - heap) / iterations;
    best = Math.min(best, elapsed);
  }
  return `${best.toFixed(0)} ns, ${bytes.toFixed(0)} B`;
}

function ours(text: string): string {
  const condition = compileCondition(text, ENVIRONMENT);
  if (!(condition instanceof Condition)) return 'not compiled';
  return measure(() => condition.evaluate([PRINCIPAL, RESOURCE, REQUEST]), ITERATIONS);
}

function theirs(text: string): string {
  if (text.includes('.?')) return 'has no `.?`';
  const evaluate = plan(celEnv(), parse(text));
  const { roles, ...principal } = PRINCIPAL;
  const variables = {
    principal: { ...principal, roles: [...roles] as string[] },
    resource: { ...RESOURCE },
    request: { path: REQUEST.path, headers: { 'x-tenant': 'acme' }, body: { amount: 500n } },
  };
  return measure(() => evaluate(variables), ITERATIONS_OTHER);
}

for (const text of CONDITIONS) {
  console.log(`${text}\n  ours:         ${ours(text)}\n  @bufbuild/cel: ${theirs(text)}`);
}
