// An AccessRequest: principal, action, resource and context, exactly one operation (DESIGN
// section 2). It is all that a policy sees of a request; the wire and the credentials stay behind.

import type { Assurance } from './evidence.ts';
import type { SpiffeId } from './spiffe_id.ts';

export const VERBS = [
  'read',
  'write',
  'invoke',
  'delegate',
  'rotate',
  'admin',
  'escalate',
  'connect',
] as const;
export type Verb = (typeof VERBS)[number];

/** Verbs that a permit has to name; no wildcard and no bare service reaches them. */
export const STRONG_VERBS: ReadonlySet<Verb> = new Set(['admin', 'rotate', 'delegate', 'escalate']);

/** A resource of this type is never reached by a permit that does not name it (C-028). */
export const ADMIN_RESOURCE_TYPE = 'admin';

export const PRINCIPAL_KINDS = [
  'workload',
  'agent',
  'ci',
  'third_party',
  'gateway',
  'human',
] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

export const DATA_CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** Who the caller is. The id is a full SPIFFE ID, compared whole, or empty for `anonymous`. */
export interface Principal {
  readonly id: string;
  readonly spiffe: SpiffeId | undefined;
  readonly assurance: Assurance;
  /** False when the identity is proved but stands in no inventory: it may do nothing. */
  readonly known: boolean;
  readonly kind: PrincipalKind;
  /** Empty when the inventory names none. */
  readonly tenant: string;
  readonly environment: string;
}

export const ANONYMOUS: Principal = {
  id: '',
  spiffe: undefined,
  assurance: 'none',
  known: true,
  kind: 'workload',
  tenant: '',
  environment: '',
};

/**
 * What is asked for as it came, before it is known which operation that is: an HTTP request, or a
 * connection that nobody looks into. Everything in it is the caller's choice.
 */
export type Action =
  | { readonly kind: 'request'; readonly method: string; readonly path: string }
  | {
      readonly kind: 'connection';
      /** The server name that the TLS client asked for; empty when none was sent or is read. */
      readonly sni: string;
      /** Where it goes to; 0 when it has none or none is read. */
      readonly port: number;
    };

/**
 * The one operation a request is, as its Service declares it. Ids are `namespace/service[/name]`.
 */
export interface Operation {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly namespace: string;
  readonly verb: Verb;
  readonly dataClass: DataClass;
  readonly environment: string;
  readonly resourceType: string;
  /** An agent may call it without a task. */
  readonly taskFree: boolean;
}

export interface Resource {
  readonly type: string;
  /** What follows `type/`, captures filled in. */
  readonly id: string;
  /** Empty when the operation declares no tenant. */
  readonly tenant: string;
}

export interface AccessRequest {
  readonly principal: Principal;
  readonly operation: Operation;
  readonly resource: Resource;
  /** Wall clock, milliseconds since the epoch, read once per pass. */
  readonly now: number;
}
