// The claims that all kinds of tokens share: times, audiences, scopes, confirmation, actors. Read
// before the signature is checked, since a token of the wrong shape is none whoever signed it.

import type { Fallible } from '../../failure.ts';
import { TOKEN_ACTORS_MAX } from '../../limits.ts';
import type { Confirmation, TokenActor } from '../../token.ts';
import { decodeBase64url } from './base64url.ts';
import { ClaimReader, isName } from './claim_reader.ts';
import { readClientJwk } from './client_key.ts';
import { isJsonObject, type JsonObject } from './compact_jws.ts';
import { JwkFault } from './public_jwk.ts';

export interface SharedClaims {
  readonly issuer: string | undefined;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
  readonly expiresAt: number;
  readonly jti: string | undefined;
  readonly clientId: string | undefined;
  readonly scopes: ReadonlySet<string>;
  readonly confirmation: Confirmation | undefined;
  readonly actors: readonly TokenActor[];
}

const SHA256_BYTES = 32;

/**
 * @param required besides `sub` and `exp`, which every token has
 * @param voucher who vouches for the token, and so for an actor that names no issuer
 */
export function readSharedClaims(
  claims: JsonObject,
  required: Iterable<string>,
  voucher: string,
): Fallible<SharedClaims> {
  const reader = new ClaimReader(claims);
  const issuer = reader.name('iss');
  const subject = reader.name('sub');
  const expiresAt = reader.time('exp');
  const notBefore = reader.time('nbf');
  const issuedAt = reader.time('iat');
  const shared = {
    issuer,
    audiences: reader.textOrTexts('aud') ?? [],
    notBefore,
    issuedAt,
    jti: reader.name('jti'),
    clientId: reader.name('client_id'),
    scopes: scopesOf(reader),
    confirmation: confirmationOf(reader),
    actors: actorsOf(reader, voucher, subject ?? ''),
  };
  reader.require(['sub', 'exp']);
  reader.require(required);
  // RFC 8417 section 2.2: a security event, also where its header calls it a JWT.
  if (claims.has('events')) reader.refuse('a security event and no credential');
  if (expiresAt !== undefined && Math.max(notBefore ?? -1, issuedAt ?? -1) >= expiresAt) {
    reader.refuse('it expires before it begins');
  }
  if (reader.fault !== undefined) return reader.fault;
  // INVARIANT: required above.
  return { ...shared, subject: subject!, expiresAt: expiresAt! };
}

/** RFC 8693 section 4.2: `scope` is one text; others write `scp`, as a list or a text. */
function scopesOf(reader: ClaimReader): ReadonlySet<string> {
  const { claims } = reader;
  const scope = claims.get('scope');
  if (scope !== undefined && typeof scope !== 'string') reader.refuse('`scope` is no text');
  const scp = reader.textOrTexts('scp');
  const fromScope = new Set(typeof scope === 'string' ? words(scope) : []);
  if (scp === undefined) return fromScope;
  const fromScp = new Set(scp.flatMap(words));
  const same = fromScope.size === fromScp.size && [...fromScp].every((it) => fromScope.has(it));
  if (scope !== undefined && !same) reader.refuse('`scope` and `scp` differ');
  return fromScp;
}

function words(text: string): readonly string[] {
  return text.split(' ').filter((it) => it !== '');
}

/** RFC 7800 section 3.1. A way to confirm that is not known here cannot be proved either. */
function confirmationOf(reader: ClaimReader): Confirmation | undefined {
  const cnf = reader.object('cnf');
  if (cnf === undefined) return undefined;
  const digest = (name: string): string | undefined => {
    const value = cnf.get(name);
    if (value === undefined) return undefined;
    const bytes = typeof value === 'string' ? decodeBase64url(value) : undefined;
    if (bytes?.length === SHA256_BYTES) return value as string; // It was decoded.
    return reader.refuse(`\`${name}\` of \`cnf\` is no SHA-256`);
  };
  const x5tS256 = digest('x5t#S256');
  const jkt = digest('jkt');
  const jwk = cnf.get('jwk');
  if (x5tS256 === undefined && jkt === undefined && jwk === undefined) {
    return reader.refuse('`cnf` names nothing that is known here');
  }
  if (jwk === undefined) return { x5tS256, jkt, jwk, jwkThumbprint: undefined };
  if (!isJsonObject(jwk)) return reader.refuse('`jwk` of `cnf` is no JSON object');
  const key = readClientJwk(jwk);
  if (key instanceof JwkFault) return reader.refuse(`\`jwk\` of \`cnf\`: ${key.message}`);
  return { x5tS256, jkt, jwk, jwkThumbprint: key.thumbprint };
}

/**
 * RFC 8693 section 4.1: outermost first. Nobody acts twice in one chain; the subject itself may act
 * alone (an agent that acts for itself), not behind another.
 */
function actorsOf(reader: ClaimReader, voucher: string, subject: string): readonly TokenActor[] {
  const actors: TokenActor[] = [];
  let act = reader.object('act');
  while (act !== undefined) {
    if (actors.length === TOKEN_ACTORS_MAX) {
      reader.refuse(`more than ${TOKEN_ACTORS_MAX} actors`);
      return [];
    }
    const actor = actorOf(act, voucher);
    if (actor === undefined) {
      reader.refuse('an actor without a name');
      return [];
    }
    if (actors.some((it) => isSame(it, actor))) reader.refuse('an actor acts for itself');
    actors.push(actor);
    const inner = act.get('act');
    if (inner !== undefined && !isJsonObject(inner)) reader.refuse('`act` is no JSON object');
    act = isJsonObject(inner) ? inner : undefined;
  }
  const self: TokenActor = { issuer: voucher, subject };
  if (actors.length > 1 && actors.some((it) => isSame(it, self))) {
    reader.refuse('the subject acts for somebody who acts for it');
  }
  return actors;
}

function actorOf(act: JsonObject, voucher: string): TokenActor | undefined {
  const issuer = act.get('iss');
  const subject = act.get('sub');
  if (!isName(subject) || (issuer !== undefined && !isName(issuer))) return undefined;
  return { issuer: issuer ?? voucher, subject };
}

function isSame(one: TokenActor, other: TokenActor): boolean {
  return one.issuer === other.issuer && one.subject === other.subject;
}
