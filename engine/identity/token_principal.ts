// From verified claims to a principal: whom the inventory knows by the token's subject, and what
// the token adds to it. A token adds attributes and takes none away, and grants nothing (C-007).

import type { AttributeValue, IdentityEntry, Principal } from '../access_request.ts';
import { BODY_NUMBER_LENGTH_MAX } from '../limits.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { TokenActor, VerifiedToken } from '../token.ts';
import { SUBJECT_LENGTH_MAX } from '../token_identity.ts';
import type { ProofImage } from './proof_image.ts';

/** What a token that was verified gave for one entry of the inventory; it comes again and again. */
interface Known {
  readonly entry: IdentityEntry;
  readonly assurance: Principal['assurance'];
  readonly principal: Principal;
}

const known = new WeakMap<VerifiedToken, Known>();

export function subjectPrincipal(
  token: VerifiedToken,
  assurance: 'bearer' | 'bound',
  { issuers, inventory }: ProofImage,
): Principal {
  const { spiffe, issuer, subject } = token;
  if (spiffe !== undefined) return { ...inventory.find(spiffe), assurance };
  const vouches = issuers.tokens.ofIssuer(issuer);
  if (vouches === undefined) throw new Error('a token of no issuer was verified');
  const base = inventory.findSubject(vouches.id, subject, assurance);
  if (vouches.attributes.size === 0 || !base.known) return base;
  const before = known.get(token);
  if (before !== undefined && before.entry === base.entry && before.assurance === assurance) {
    return before.principal;
  }
  const claimed = claimedAttributes(token, vouches.attributes);
  // What the operator wrote is not the issuer's to change.
  const attributes = new Map([...claimed, ...base.entry.attributes]);
  const variant = JSON.stringify([...claimed]);
  const principal = { ...base, variant, entry: { ...base.entry, attributes } };
  known.set(token, { entry: base.entry, assurance, principal });
  return principal;
}

/** @param names claims by the name of the attribute that they become */
function claimedAttributes(
  { claims }: VerifiedToken,
  names: ReadonlyMap<string, string>,
): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const [name, claim] of names) {
    const value = claims.get(claim);
    if (typeof value === 'boolean') attributes.set(name, value);
    else if (typeof value === 'string' && value.length <= SUBJECT_LENGTH_MAX) {
      attributes.set(name, value);
    } else if (typeof value === 'bigint' && String(value).length <= BODY_NUMBER_LENGTH_MAX) {
      // Beyond what a double holds it stays text: two numbers never become one.
      const number = Number(value);
      attributes.set(name, Number.isSafeInteger(number) ? number : String(value));
    } else if (typeof value === 'number') attributes.set(name, value);
    else if (Array.isArray(value)) {
      const texts = value.filter((it) => typeof it === 'string');
      if (texts.length === value.length) attributes.set(name, texts);
    }
  }
  return attributes;
}

/** Whom a token says that acts (RFC 8693 section 4.1); it is believed of whom it shows only. */
export function actorPrincipal(
  { issuer, subject }: TokenActor,
  { issuers, inventory }: ProofImage,
): Principal {
  const id = parseSpiffeId(subject);
  if (id instanceof SpiffeId && id.path !== '') return { ...inventory.find(id), assurance: 'none' };
  const vouches = issuers.tokens.ofIssuer(issuer);
  return inventory.findSubject(vouches?.id ?? '', subject, 'none');
}
