// What a condition can read: the variables, their types, and where their values come from. Values
// are computed when a condition reads them; what a request has not is absent (docs/conditions.md).

import type { AccessRequest, AttributeValue } from '../access_request.ts';
import { BODY_PROBLEMS, BodyProblem } from '../body/body.ts';
import { CelFailure } from '../cel/failure.ts';
import type { Activation } from '../cel/frame.ts';
import type { Environment, TypeSpec } from '../cel/type.ts';
import { type CelMap, type CelStruct, CelTimestamp, type CelValue } from '../cel/value.ts';

const TEXTS: TypeSpec = { map: 'string' };
const VALUES: TypeSpec = { map: 'dyn' };
const optional = (type: TypeSpec) => ({ optional: type });

const PRINCIPAL: TypeSpec = {
  object: {
    id: 'string',
    kind: 'string',
    trustDomain: 'string',
    namespace: 'string',
    serviceAccount: 'string',
    tenant: 'string',
    environment: 'string',
    assurance: 'string',
    roles: { list: 'string' },
    attributes: VALUES,
    actors: { list: 'string' },
  },
};
const RESOURCE: TypeSpec = {
  object: {
    type: 'string',
    id: 'string',
    tenant: 'string',
    dataClass: 'string',
    environment: 'string',
    tier: optional('int'),
  },
};
const CONTEXT: TypeSpec = {
  object: {
    time: 'timestamp',
    enforcer: 'string',
    sourceIp: optional('string'),
    runtime: TEXTS,
  },
};
// Nothing of these is there in this version: what a token says is read as `principal.attributes`.
const TASK: TypeSpec = {
  object: {
    id: optional('string'),
    profile: optional('string'),
    intent: optional('string'),
    params: optional(VALUES),
  },
};
const TOKEN: TypeSpec = {
  object: {
    issuer: optional('string'),
    subject: optional('string'),
    claims: optional(VALUES),
  },
};
const MCP: TypeSpec = {
  object: {
    method: optional('string'),
    name: optional('string'),
    args: optional(VALUES),
  },
};

/** @param body what `request.body` is */
export function conditionEnvironment(body: TypeSpec): Environment {
  return {
    variables: {
      principal: PRINCIPAL,
      action: { object: { operation: 'string', verb: 'string', service: 'string' } },
      resource: RESOURCE,
      context: CONTEXT,
      request: {
        object: {
          method: 'string',
          path: 'string',
          host: 'string',
          headers: TEXTS,
          query: { map: { list: 'string' } },
          captures: TEXTS,
          body,
        },
      },
      task: TASK,
      token: TOKEN,
      mcp: MCP,
    },
  };
}

const ABSENT: CelStruct = { field: () => undefined };

let lastAccess: AccessRequest | undefined;
let lastActivation: Activation = [];

/** In the order of the variables above; one for all conditions of a request. */
export function activationOf(access: AccessRequest): Activation {
  if (access === lastAccess) return lastActivation;
  lastAccess = access;
  lastActivation = [
    new PrincipalVariable(access),
    new ActionVariable(access),
    new ResourceVariable(access),
    new ContextVariable(access),
    new RequestVariable(access),
    ABSENT,
    ABSENT,
    ABSENT,
  ];
  return lastActivation;
}

abstract class Variable implements CelStruct {
  protected readonly access: AccessRequest;

  constructor(access: AccessRequest) {
    this.access = access;
  }

  abstract field(name: string): CelValue | CelFailure | undefined;
}

class PrincipalVariable extends Variable {
  field(name: string): CelValue | CelFailure | undefined {
    const { principal } = this.access;
    const { entry, spiffe } = principal;
    switch (name) {
      case 'id':
        return principal.id;
      case 'kind':
        return entry.kind;
      case 'trustDomain':
        return spiffe?.trustDomain ?? '';
      case 'namespace':
        return spiffe?.namespace ?? '';
      case 'serviceAccount':
        return spiffe?.kubernetes?.serviceAccount ?? '';
      case 'tenant':
        return entry.tenant;
      case 'environment':
        return entry.environment;
      case 'assurance':
        return principal.assurance;
      case 'roles':
        return entry.roles;
      case 'attributes':
        return celAttributes(entry.attributes);
      case 'actors':
        return principal.actors.map(({ id }) => id);
      default:
        return undefined;
    }
  }
}

const celMaps = new WeakMap<ReadonlyMap<string, AttributeValue>, CelMap>();

/** Whole numbers are int, as they are in a condition. */
function celAttributes(attributes: ReadonlyMap<string, AttributeValue>): CelMap {
  const known = celMaps.get(attributes);
  if (known !== undefined) return known;
  const values = new Map<string, CelValue>();
  celMaps.set(attributes, values);
  for (const [name, value] of attributes) {
    values.set(name, Number.isSafeInteger(value) ? BigInt(value as number) : value);
  }
  return values;
}

class ActionVariable extends Variable {
  field(name: string): CelValue | CelFailure | undefined {
    const { operation } = this.access;
    switch (name) {
      case 'operation':
        return operation.name;
      case 'verb':
        return operation.verb;
      case 'service':
        return operation.service;
      default:
        return undefined;
    }
  }
}

class ResourceVariable extends Variable {
  field(name: string): CelValue | CelFailure | undefined {
    const { resource, operation } = this.access;
    switch (name) {
      case 'type':
        return resource.type;
      case 'id':
        return resource.id;
      case 'tenant':
        return resource.tenant;
      case 'dataClass':
        return operation.dataClass;
      case 'environment':
        return operation.environment;
      case 'tier':
        return operation.tier === undefined ? undefined : BigInt(operation.tier);
      default:
        return undefined;
    }
  }
}

const NANOS_PER_MS = 1_000_000n;

class ContextVariable extends Variable {
  field(name: string): CelValue | CelFailure | undefined {
    const { context, request, now } = this.access;
    switch (name) {
      case 'time':
        return new CelTimestamp(BigInt(now) * NANOS_PER_MS);
      case 'enforcer':
        return context.enforcer;
      case 'sourceIp':
        return request.sourceAddress === '' ? undefined : request.sourceAddress;
      case 'runtime':
        return context.runtime;
      default:
        return undefined;
    }
  }
}

const UNREADABLE: ReadonlyMap<string, CelFailure> = new Map(
  Object.keys(BODY_PROBLEMS).map((detail) => [detail, new CelFailure('unreadable', detail)]),
);

class RequestVariable extends Variable {
  field(name: string): CelValue | CelFailure | undefined {
    const { request } = this.access;
    switch (name) {
      case 'method':
        return request.method;
      case 'path':
        return request.path;
      case 'host':
        return request.host;
      case 'headers':
        return request.headers();
      case 'query':
        return request.query();
      case 'captures':
        return captures(this.access);
      case 'body': {
        const body = this.access.body();
        // INVARIANT: a body that is not whole is never taken for one without the field.
        return body instanceof BodyProblem ? UNREADABLE.get(body.detail) : body;
      }
      default:
        return undefined;
    }
  }
}

function captures({ captureNames, captures: values }: AccessRequest): CelMap {
  return new Map(captureNames.map((name, index) => [name, values[index] ?? '']));
}
