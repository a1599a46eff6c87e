// What one credential proved, and what several of them prove together: they agree, or nothing is
// proved (docs/authentication.md, "Several credentials").

import type { IdentityEntry, Principal } from '../access_request.ts';
import { ASSURANCES, type Assurance, type Binding, type Method } from '../evidence.ts';
import type { Reason } from '../reason.ts';
import type { X509Svid } from '../svid.ts';
import type { TokenActor, VerifiedToken } from '../token.ts';

/** One credential that was verified, and whom it names. */
export interface Proved {
  readonly method: Method;
  readonly principal: Principal;
  /** Who vouches: a trust domain, `iss` of a token, the id of an Issuer of API keys. */
  readonly issuer: string;
  /** What it names, as it came. */
  readonly subject: string;
  /** `sha256:…` or `hmac-sha256:…`; empty where only an enforcer's word came. */
  readonly credential: string;
  readonly svid: X509Svid | undefined;
  readonly token: VerifiedToken | undefined;
  /** Milliseconds since the epoch; undefined where it does not say. */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

/** Who the caller is, by one credential, with others beside it that do not contradict. */
export interface Agreed {
  readonly principal: Principal;
  readonly named: Proved;
  readonly others: readonly Proved[];
}

/** INVARIANT: a token that proves anything was held by whoever it is bound to, in every way. */
export function bindingOf({ kind, confirmation }: VerifiedToken): Binding {
  if (kind === 'wit') return 'wpt';
  // A transaction token is a context, whoever sends it.
  if (kind !== 'jwt' || confirmation === undefined) return 'none';
  return confirmation.jkt === undefined ? 'certificate' : 'dpop';
}

const NONE: readonly Proved[] = Object.freeze([]);

/**
 * @param workload who holds the connection, or the key of a workload identity token
 * @param token of the request
 * @param resolve the principal that an actor of the token is
 */
export function agree(
  workload: Proved | undefined,
  token: Proved | undefined,
  resolve: (actor: TokenActor) => Principal,
): Agreed | Reason | undefined {
  if (token === undefined) {
    return workload && { principal: workload.principal, named: workload, others: NONE };
  }
  const actors = token.token?.actors ?? [];
  // What a gateway forwards is another caller's: its own certificate stands for itself alone.
  if (workload === undefined || isGateway(workload.principal)) {
    return alone(token, workload, actors, resolve);
  }
  const [current, ...prior] = actors;
  if (current !== undefined) {
    if (!isSame(workload.principal, resolve(current))) return 'authn.identity_conflict';
    const on = [...prior.map(resolve), token.principal];
    return together(workload, token, actingFor(workload.principal, on));
  }
  if (isSame(workload.principal, token.principal)) {
    return together(workload, token, workload.principal);
  }
  const { entry, known } = token.principal;
  if (known && entry.shared && workload.principal.known) {
    // Now it is known which of those who share it acts.
    const principal = { ...token.principal, accompanied: true };
    return { principal, named: token, others: [workload] };
  }
  const { kind } = workload.principal.entry;
  if (kind === 'agent' && entry.kind === 'human') return 'authn.wrong_principal_kind';
  return 'authn.identity_conflict';
}

/** The token is all that names the caller. */
function alone(
  token: Proved,
  gateway: Proved | undefined,
  [current, ...prior]: readonly TokenActor[],
  resolve: (actor: TokenActor) => Principal,
): Agreed | Reason {
  const others = gateway === undefined ? NONE : [gateway];
  if (current === undefined) return { principal: token.principal, named: token, others };
  const acting = resolve(current);
  // A workload that acts shows itself; nobody's token speaks for its certificate, nor for a subject
  // of another issuer.
  const isOfIssuer = token.token?.kind === 'jwt' && current.issuer === token.token.issuer;
  if (acting.spiffe !== undefined || !isOfIssuer) return 'authn.binding';
  const actors = [...prior.map(resolve), token.principal];
  const principal = { ...actingFor(acting, actors), assurance: token.principal.assurance };
  return { principal, named: token, others };
}

/** INVARIANT: for whom it acts is part of what tells it apart, wherever something is remembered. */
function actingFor(principal: Principal, actors: readonly Principal[]): Principal {
  const variant = JSON.stringify([principal.variant, ...actors.map(({ id }) => id)]);
  return { ...principal, variant, actors };
}

/** Two proofs of one identity count as the stronger of them. */
function together(workload: Proved, token: Proved, principal: Principal): Agreed {
  const assurance = stronger(workload.principal.assurance, token.principal.assurance);
  // Claims speak of the token's subject, and he is another one where somebody acts for him.
  const own = principal.actors.length === 0 ? withClaims(principal, token.principal) : principal;
  return { principal: { ...own, assurance }, named: workload, others: [token] };
}

/** What the token says of the identity counts as well. */
function withClaims(principal: Principal, { entry, variant }: Principal): Principal {
  if (variant === '') return principal;
  return { ...principal, variant, entry: merged(principal.entry, entry) };
}

const mergedEntries = new WeakMap<IdentityEntry, WeakMap<IdentityEntry, IdentityEntry>>();

/** The same two come again and again, and what is remembered of an entry is of that very object. */
function merged(own: IdentityEntry, claimed: IdentityEntry): IdentityEntry {
  const known = mergedEntries.get(own) ?? new WeakMap();
  mergedEntries.set(own, known);
  const before = known.get(claimed);
  if (before !== undefined) return before;
  const entry = { ...own, attributes: new Map([...claimed.attributes, ...own.attributes]) };
  known.set(claimed, entry);
  return entry;
}

function stronger(a: Assurance, b: Assurance): Assurance {
  return ASSURANCES.indexOf(a) >= ASSURANCES.indexOf(b) ? a : b;
}

export function isGateway({ known, entry }: Principal): boolean {
  return known && entry.kind === 'gateway';
}

/**
 * The same id, or one Identity names both: by its SPIFFE ID and by its subject. Two SPIFFE IDs of
 * one pattern are two workloads, whatever the inventory says of both.
 */
function isSame(a: Principal, b: Principal): boolean {
  if (a.id === b.id) return true;
  const isOfTwoForms = (a.spiffe === undefined) !== (b.spiffe === undefined);
  return isOfTwoForms && a.known && b.known && a.entry.id === b.entry.id;
}
