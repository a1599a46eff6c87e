// Changes of rules that could change an outcome: one dimension of a permit widened, one of a forbid
// narrowed, a rule added or taken away.

import type { AccessRequest } from '../../engine/access_request.ts';
import type { RuleDocument } from '../../engine/bundle/rule_kind.ts';
import {
  ADDED,
  addException,
  addRule,
  type EditableRule,
  editRule,
  identityOf,
  removeRule,
} from './bundle_edit.ts';
import type { ConsideredRule } from './considered.ts';
import { type Change, type Changes, type Origin, rule } from './situation.ts';

const DAY_MS = 86_400_000;

function widen(
  { rule: { id } }: ConsideredRule,
  text: string,
  { bundle }: Origin,
  edit: (it: EditableRule) => void,
): Change | undefined {
  return rule(`in rule \`${id}\` ${text}`, editRule(bundle, id, edit));
}

/** What would let this permit match, if it fails in nothing but this dimension. */
export function* permitChanges(
  name: string,
  considered: ConsideredRule,
  access: AccessRequest,
  origin: Origin,
): Changes {
  const { operation, resource, principal } = access;
  const change = (text: string, edit: (it: EditableRule) => void) =>
    widen(considered, text, origin, edit);
  switch (name) {
    case 'proof':
      yield change('drop what `require` says of the proof', (it) => {
        it.require = without(it.require, ['assurance', 'maxAge', 'bound']);
      });
      break;
    case 'boundary':
      yield change('say `crossTenant: true`', (it) => {
        it.crossTenant = true;
      });
      yield change(`name \`${principal.spiffe?.trustDomain}\` in from.trustDomains`, (it) => {
        it.from.trustDomains = [principal.spiffe?.trustDomain ?? ''];
      });
      break;
    case 'environment':
      yield change(`add \`${operation.environment}\` to to.environments`, (it) => {
        it.to.environments = [...(it.to.environments ?? []), operation.environment];
      });
      yield change('drop to.environments', (it) => {
        it.to.environments = undefined;
      });
      break;
    case 'window':
      yield change('drop `between`', (it) => {
        it.between = undefined;
      });
      break;
    case 'runtime':
      yield change('drop from.runtime and from.ipBlocks', (it) => {
        Object.assign(it.from, { runtime: undefined, ipBlocks: undefined });
      });
      break;
    case 'verb':
      yield* verbChanges(access, change);
      break;
    case 'resource':
      yield* resourceChanges(`${resource.type}/${resource.id}`, access, change);
      break;
    case 'task':
      yield change('drop require.task and require.intent', (it) => {
        it.require = without(it.require, ['task', 'intent']);
      });
      break;
    case 'approval':
      yield change('drop require.approval', (it) => {
        it.require = without(it.require, ['approval']);
      });
      break;
    case 'condition':
      yield change('drop the condition', (it) => {
        it.condition = undefined;
      });
      break;
    case 'role':
      yield change('drop from.roles, and name the caller instead', (it) => {
        it.from.roles = undefined;
        it.from.principals = [principal.id];
      });
      break;
    case 'who':
      yield change(`add \`${principal.id}\` to from.principals`, (it) => {
        it.from.principals = [...(it.from.principals ?? []), principal.id];
      });
      break;
  }
}

type Require = EditableRule['require'];

/** Undefined where nothing is left. */
function without(needs: Require, names: readonly (keyof NonNullable<Require>)[]): Require {
  const rest = { ...needs };
  for (const name of names) delete rest[name];
  return Object.keys(rest).length === 0 ? undefined : rest;
}

type Widen = (text: string, edit: (it: EditableRule) => void) => Change | undefined;

function* verbChanges({ operation }: AccessRequest, change: Widen): Changes {
  const { verb, name, service, namespace } = operation;
  const short = service.slice(namespace.length + 1);
  yield change(`add \`${verb}\` to to.verbs`, (it) => {
    it.to.verbs = [...(it.to.verbs ?? []), verb];
  });
  for (const written of [name, `${short}/${name}`, `${service}/${name}`]) {
    yield change(`add \`${written}\` to to.operations`, (it) => {
      it.to.operations = [...(it.to.operations ?? []), written];
    });
    yield change(`add \`${verb}\` to to.verbs and \`${written}\` to to.operations`, (it) => {
      it.to.verbs = [...(it.to.verbs ?? []), verb];
      it.to.operations = [...(it.to.operations ?? []), written];
    });
  }
}

function* resourceChanges(name: string, { operation }: AccessRequest, change: Widen): Changes {
  yield change(`add \`${name}\` to to.resources`, (it) => {
    it.to.resources = [...(it.to.resources ?? []), name];
  });
  yield change(`add \`${operation.dataClass}\` to to.dataClasses`, (it) => {
    it.to.dataClasses = [...(it.to.dataClasses ?? []), operation.dataClass];
  });
  const { tier } = operation;
  if (tier !== undefined) {
    yield change(`add ${tier} to to.tiers`, (it) => {
      it.to.tiers = [...(it.to.tiers ?? []), tier];
    });
  }
  yield change('drop to.not', (it) => {
    it.to.not = undefined;
  });
  yield change('drop what `to` says of resources, classes and tiers', (it) => {
    for (const key of ['resources', 'dataClasses', 'tiers', 'not'] as const) it.to[key] = undefined;
  });
}

/** A permit for exactly this caller, operation and resource. */
export function newPermit(access: AccessRequest, { bundle }: Origin): Change | undefined {
  return rule(
    `add a permit for \`${access.principal.id || 'anonymous'}\` to \`${access.operation.id}\` on ` +
      `\`${access.resource.type}/${access.resource.id}\``,
    addRule(bundle, access.operation.namespace, exactly(access, 'permit')),
  );
}

export function newForbid(access: AccessRequest, { bundle }: Origin): Change | undefined {
  return rule(
    `add a forbid for \`${access.principal.id || 'anonymous'}\` to \`${access.operation.id}\``,
    addRule(bundle, access.operation.namespace, exactly(access, 'forbid')),
  );
}

function exactly(access: AccessRequest, effect: RuleDocument['effect']): RuleDocument {
  const { principal, operation, resource } = access;
  return {
    id: ADDED,
    effect,
    from: fromOf(access),
    to: {
      services: [operation.service.slice(operation.namespace.length + 1)],
      operations: [operation.name],
      resources: [`${resource.type}/${resource.id}`],
    },
    crossTenant: effect === 'permit' && resource.tenant !== principal.entry.tenant,
    suspendable: false,
  };
}

function fromOf({ principal }: AccessRequest): RuleDocument['from'] {
  if (principal.id === '') return { anonymous: true };
  const { kind } = principal.entry;
  // A gateway is permitted only where its kind is named.
  const kinds = kind === 'gateway' ? { kinds: [kind] } : {};
  return { principals: [principal.id], ...kinds };
}

/** What takes away forbids that match: an Exception where they allow it, else a narrower rule. */
export function* forbidChanges(
  forbids: readonly ConsideredRule[],
  access: AccessRequest,
  origin: Origin,
): Changes {
  const { bundle } = origin;
  const ids = forbids.map(({ rule: { id } }) => id);
  const named = ids.map((id) => `\`${id}\``).join(', ');
  if (forbids.every(({ rule: { record } }) => record.suspendable)) {
    const { principal, operation, resource, now } = access;
    const rest = exactly(access, 'permit');
    const exception = addException(bundle, {
      kind: 'Exception',
      metadata: { name: ADDED, namespace: operation.namespace, owner: 'whoever answers for it' },
      spec: {
        reason: 'to see',
        expiresAt: new Date(now + DAY_MS).toISOString(),
        suspends: ids,
        from: rest.from,
        to: rest.to,
        crossTenant: resource.tenant !== principal.entry.tenant,
      },
    });
    yield rule(`add an Exception that suspends ${named} for this caller and resource`, exception);
  }
  const [only, ...others] = forbids;
  if (only !== undefined && others.length === 0 && access.principal.id !== '') {
    if (identityOf(bundle, access.principal.id) !== undefined) {
      yield widen(only, `add \`${access.principal.id}\` to from.not.principals`, origin, (it) => {
        const { not } = it.from;
        it.from.not = { ...not, principals: [...(not?.principals ?? []), access.principal.id] };
      });
    }
  }
  let without: typeof bundle | undefined = bundle;
  for (const id of ids) without = without && removeRule(without, id);
  yield rule(`remove ${named}`, without);
}

export function* removals(ids: readonly string[], { bundle }: Origin): Changes {
  let without: typeof bundle | undefined = bundle;
  for (const id of ids) without = without && removeRule(without, id);
  yield rule(`remove ${ids.map((id) => `\`${id}\``).join(', ')}`, without);
}
