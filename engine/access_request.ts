// An AccessRequest: principal, action, resource and context, exactly one operation (DESIGN
// section 2). It is all that a policy sees of a request; the wire and the credentials stay behind.

import { type Body, BodyProblem, type BodyValue } from './body/body.ts';
import type { BodyShape } from './body/body_shape.ts';
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

/** What the inventory says of an identity: bounds and attributes, never a permission. */
export interface IdentityEntry {
  /** `namespace/name` of its document; empty where the inventory has none. */
  readonly id: string;
  readonly kind: PrincipalKind;
  /** Empty when the inventory names none. */
  readonly tenant: string;
  readonly environment: string;
  /** `namespace/role` */
  readonly roles: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** Several workloads use it. */
  readonly shared: boolean;
  /** Destinations and `namespace/service`; undefined is anywhere. */
  readonly audiences: ReadonlySet<string> | undefined;
  readonly ceiling: Ceiling | undefined;
  /** Of its credentials, in milliseconds. */
  readonly maxLifetimeMs: number | undefined;
  /** Milliseconds since the epoch; Infinity when it never ends. */
  readonly expiresAt: number;
  readonly reviewUntil: number;
  /** The workload that it names stands in the inventory until then; Infinity without one. */
  readonly workloadUntil: number;
}

export type AttributeValue = string | number | boolean | readonly string[];

export interface Ceiling {
  readonly dataClasses: readonly DataClass[] | undefined;
  readonly verbs: readonly Verb[] | undefined;
  /** Patterns over `namespace/service`. */
  readonly services: readonly string[] | undefined;
}

/** Of nobody that the inventory knows. */
export const NO_ENTRY: IdentityEntry = {
  id: '',
  kind: 'workload',
  tenant: '',
  environment: '',
  roles: [],
  attributes: new Map(),
  shared: false,
  audiences: undefined,
  ceiling: undefined,
  maxLifetimeMs: undefined,
  expiresAt: Number.POSITIVE_INFINITY,
  reviewUntil: Number.POSITIVE_INFINITY,
  workloadUntil: Number.POSITIVE_INFINITY,
};

/**
 * Who the caller is. The id is a full SPIFFE ID or `ISSUER#SUBJECT`, compared whole, or empty for
 * `anonymous`.
 */
export interface Principal {
  readonly id: string;
  readonly spiffe: SpiffeId | undefined;
  readonly assurance: Assurance;
  /** False when the identity is proved but stands in no inventory: it may do nothing. */
  readonly known: boolean;
  readonly entry: IdentityEntry;
  /** What a token added to the entry, as text; empty when nothing did. */
  readonly variant: string;
  /** On whose behalf: who handed the task over last comes first, who began it last. */
  readonly actors: readonly Principal[];
  /** A workload showed itself beside an identity that several share. */
  readonly accompanied: boolean;
}

const NOBODY: readonly Principal[] = Object.freeze([]);

/** What is so of a principal that one credential alone names. */
export const PLAIN_PRINCIPAL = { variant: '', actors: NOBODY, accompanied: false } as const;

export const ANONYMOUS: Principal = {
  id: '',
  spiffe: undefined,
  assurance: 'none',
  known: true,
  entry: NO_ENTRY,
  ...PLAIN_PRINCIPAL,
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
  /** 0 to 4; undefined when it declares none. */
  readonly tier: number | undefined;
  /** An agent may call it without a task. */
  readonly taskFree: boolean;
  /** A denied caller is told how to step up. */
  readonly requestable: boolean;
  /** One of them an OAuth token has to carry, where one comes along. */
  readonly scopes: readonly string[];
}

export interface Resource {
  readonly type: string;
  /** What follows `type/`, captures filled in. */
  readonly id: string;
  /** Empty when the operation declares no tenant. */
  readonly tenant: string;
}

/** What a request says besides the operation that it is; read when a rule asks for it. */
export interface RequestAttributes {
  readonly method: string;
  /** Canonical, without its query; empty for a connection. */
  readonly path: string;
  readonly host: string;
  /** Of the peer, as the enforcer saw it; empty when it said nothing. */
  readonly sourceAddress: string;
  /** Names in lower case. */
  headers(): ReadonlyMap<string, string>;
  /** Undefined when it cannot be read in one way. */
  query(): ReadonlyMap<string, readonly string[]> | undefined;
  body(): Body | BodyProblem;
}

/** The circumstances of a request: what an enforcer asserts, and how the caller was proved. */
export interface Context {
  /** `namespace/name` of the enforcer. */
  readonly enforcer: string;
  readonly runtime: ReadonlyMap<string, string>;
  /** When the credential became valid; undefined when no credential shows it. */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** Of an OAuth token that came along; undefined when none did. */
  readonly scopes: ReadonlySet<string> | undefined;
}

/** One request as a policy sees it. */
export class AccessRequest {
  readonly principal: Principal;
  readonly operation: Operation;
  readonly resource: Resource;
  readonly context: Context;
  readonly request: RequestAttributes;
  /** What the path template captured; names and values side by side. */
  readonly captureNames: readonly string[];
  readonly captures: readonly string[];
  /** Wall clock, milliseconds since the epoch, read once per pass. */
  readonly now: number;
  /** Paths of attributes that conditions read, as far as they were looked at. */
  reads: (readonly string[])[] = [];
  readonly #bodyShape: BodyShape | undefined;
  #body: BodyValue | BodyProblem | undefined;

  constructor(parts: AccessParts) {
    this.principal = parts.principal;
    this.operation = parts.operation;
    this.resource = parts.resource;
    this.context = parts.context;
    this.request = parts.request;
    this.captureNames = parts.captureNames;
    this.captures = parts.captures;
    this.now = parts.now;
    this.#bodyShape = parts.bodyShape;
  }

  /** The same request by somebody else, who is looked at beside its principal. */
  by(principal: Principal): AccessRequest {
    const other = new AccessRequest({ ...this, principal, bodyShape: this.#bodyShape });
    other.reads = this.reads;
    other.#body = this.#body;
    return other;
  }

  /** Undefined when nothing asked for the body. */
  get bodyIfRead(): BodyValue | BodyProblem | undefined {
    return this.#body;
  }

  /** As the operation declares it, read once. */
  body(): BodyValue | BodyProblem {
    if (this.#body !== undefined) return this.#body;
    const body = this.request.body();
    if (body instanceof BodyProblem) this.#body = body;
    else this.#body = this.#bodyShape === undefined ? body.value : this.#bodyShape.conform(body);
    return this.#body;
  }
}

export interface AccessParts
  extends Pick<
    AccessRequest,
    | 'principal'
    | 'operation'
    | 'resource'
    | 'context'
    | 'request'
    | 'captureNames'
    | 'captures'
    | 'now'
  > {
  /** What the operation says of bodies. */
  readonly bodyShape: BodyShape | undefined;
}
