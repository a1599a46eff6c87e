// Changes of what is known of callers, roles and operations that could change an outcome.

import type { AccessRequest } from '../../engine/access_request.ts';
import { documentId } from '../../engine/bundle/bundle.ts';
import type { IdentityDocument } from '../../engine/bundle/identity_kind.ts';
import type { Verdict } from '../../engine/check.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import {
  ADDED,
  addIdentity,
  editIdentity,
  editRole,
  editService,
  identityOf,
} from './bundle_edit.ts';
import type { Guess } from './condition_values.ts';
import type { ConsideredRule } from './considered.ts';
import { type Change, type Changes, fact, type Origin } from './situation.ts';

const FAR = '9999-12-31';

type EditIdentity = (spec: IdentityDocument['spec'], document: IdentityDocument) => void;

function known(
  text: string,
  principal: string,
  { bundle }: Origin,
  edit: EditIdentity,
): Change | undefined {
  const document = identityOf(bundle, principal);
  if (document === undefined) return undefined;
  return fact(
    `in Identity \`${documentId(document)}\` ${text}`,
    editIdentity(bundle, principal, (it) => edit(it.spec, it)),
  );
}

/** An Identity for a caller that stands in no inventory. */
export function newIdentity(
  principal: string,
  environment: string,
  tenant: string,
  { bundle }: Origin,
): Change | undefined {
  if (!(parseSpiffeId(principal) instanceof SpiffeId)) return undefined;
  const spec = {
    spiffe: principal,
    kind: 'workload' as const,
    environment: environment === '' ? undefined : environment,
    tenant: tenant === '' ? undefined : tenant,
    shared: false,
  };
  const identity: IdentityDocument = { kind: 'Identity', metadata: { name: ADDED }, spec };
  const facts = [
    environment === '' ? [] : [`environment \`${environment}\``],
    tenant === '' ? [] : [`tenant \`${tenant}\``],
  ].flat();
  const text = facts.length === 0 ? '' : ` with ${facts.join(' and ')}`;
  return fact(`add an Identity for \`${principal}\`${text}`, addIdentity(bundle, identity));
}

export function* standingChanges(access: AccessRequest, origin: Origin): Changes {
  const { principal, operation, resource } = access;
  const { id } = principal;
  if (!principal.known) {
    yield newIdentity(id, operation.environment, resource.tenant, origin);
    return;
  }
  yield known('let it expire later', id, origin, (spec) => {
    spec.expiresAt = undefined;
  });
  yield known('move its reviewBy on', id, origin, (spec, { metadata }) => {
    if (spec.reviewBy !== undefined) spec.reviewBy = FAR;
    if (metadata.reviewBy !== undefined) metadata.reviewBy = FAR;
  });
  yield fact(
    `in Service \`${operation.service}\` move its reviewBy on`,
    editService(origin.bundle, operation.service, ({ metadata }) => {
      metadata.reviewBy = undefined;
    }),
  );
  const { verb, dataClass, service } = operation;
  yield known(`add \`${verb}\` to ceiling.verbs`, id, origin, ({ ceiling }) => {
    ceiling?.verbs?.push(verb);
  });
  yield known(`add \`${dataClass}\` to ceiling.dataClasses`, id, origin, ({ ceiling }) => {
    ceiling?.dataClasses?.push(dataClass);
  });
  yield known(`add \`${service}\` to ceiling.services`, id, origin, ({ ceiling }) => {
    ceiling?.services?.push(service);
  });
  const all = `\`${verb}\`, \`${dataClass}\` and \`${service}\``;
  yield known(`raise the ceiling to ${all}`, id, origin, ({ ceiling }) => {
    ceiling?.verbs?.push(verb);
    ceiling?.dataClasses?.push(dataClass);
    ceiling?.services?.push(service);
  });
}

/** What the identity demands of its own credentials. */
export function* credentialFacts({ principal, service }: Verdict, origin: Origin): Changes {
  if (principal === undefined) return;
  yield known('drop maxLifetime', principal.id, origin, (spec) => {
    spec.maxLifetime = undefined;
  });
  if (service === undefined) return;
  yield known(`add \`${service.id}\` to audiences`, principal.id, origin, ({ audiences }) => {
    audiences?.push(service.id);
  });
}

export function* boundaryFacts(access: AccessRequest, origin: Origin): Changes {
  const { principal, operation, resource } = access;
  if (operation.environment !== '') {
    const text = `set environment to \`${operation.environment}\``;
    yield known(text, principal.id, origin, (spec) => {
      spec.environment = operation.environment;
    });
  }
  if (resource.tenant !== '') {
    yield known(`set tenant to \`${resource.tenant}\``, principal.id, origin, (spec) => {
      spec.tenant = resource.tenant;
    });
  }
}

/** The caller gets a role, or a role that it has covers more. */
export function* roleFacts(
  { rule }: ConsideredRule,
  access: AccessRequest,
  origin: Origin,
): Changes {
  const { principal, operation, resource } = access;
  for (const role of rule.record.from.roles ?? []) {
    if (!principal.entry.roles.includes(role)) {
      yield known(`add \`${role}\` to roles`, principal.id, origin, (spec) => {
        spec.roles = [...(spec.roles ?? []), role];
      });
      continue;
    }
    const entry = {
      operations: [`${operation.service}/${operation.name}`],
      resources: [`${resource.type}/${resource.id}`],
    };
    yield fact(
      `let Role \`${role}\` cover \`${operation.id}\` on \`${resource.type}/${resource.id}\``,
      editRole(origin.bundle, role, ({ spec }) => {
        spec.covers.push(entry);
      }),
    );
    yield fact(
      `move reviewBy of Role \`${role}\` on`,
      editRole(origin.bundle, role, ({ metadata }) => {
        metadata.reviewBy = undefined;
      }),
    );
  }
}

export function* taskFacts({ principal, operation }: AccessRequest, origin: Origin): Changes {
  const [, , name = ''] = operation.id.split('/');
  yield fact(
    `let operation \`${operation.id}\` say \`taskFree: true\``,
    editService(origin.bundle, operation.service, ({ spec }) => {
      const found = spec.operations[name];
      if (found !== undefined) found.taskFree = true;
    }),
  );
  yield known('let its kind be `workload`', principal.id, origin, (spec) => {
    spec.kind = 'workload';
  });
}

/** What the operation requires, dropped. */
export function requiresDropped({ operation }: AccessRequest, { bundle }: Origin) {
  const [, , name = ''] = operation.id.split('/');
  return fact(
    `let operation \`${operation.id}\` require less`,
    editService(bundle, operation.service, ({ spec }) => {
      const found = spec.operations[name];
      if (found !== undefined) found.requires = undefined;
    }),
  );
}

/** A value that a condition reads of the caller; undefined for any other path. */
export function withFact(
  path: string,
  guess: Guess,
  { principal }: AccessRequest,
  origin: Origin,
): Change | undefined {
  const [root, group, name] = path.split('.');
  if (root !== 'principal' || group === undefined) return undefined;
  const text = `set \`${path}\` to \`${guess}\``;
  return known(text, principal.id, origin, (spec) => {
    if (group === 'attributes' && name !== undefined) {
      const old = spec.attributes?.[name];
      const value = Array.isArray(old) ? [...old, String(guess)] : guess;
      spec.attributes = { ...spec.attributes, [name]: value };
    } else if (group === 'tenant') spec.tenant = String(guess);
    else if (group === 'environment') spec.environment = String(guess);
    else if (group === 'roles') spec.roles = [...(spec.roles ?? []), String(guess)];
  });
}
