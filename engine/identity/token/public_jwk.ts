// One public key as JSON (RFC 7517, RFC 7518 section 6, RFC 8037), checked when it is loaded: what
// is weak, secret, or written in two ways is no key, so that no request has to ask again.

import { createHash, createPublicKey } from 'node:crypto';
import type { BodyValue } from '../../body/body.ts';
import { type Algorithm, algorithmsOf, isAlgorithm, type KeyType } from './algorithm.ts';
import { decodeBase64url } from './base64url.ts';
import type { JsonObject } from './compact_jws.ts';
import { rsaFault } from './rsa_modulus.ts';

/** What is known of a key before it is made ready for use, which costs as much as a signature. */
export interface KeyDescription {
  readonly kid: string | undefined;
  readonly keyType: KeyType;
  /** What it may verify: what its type fits, or the one that its `alg` names. */
  readonly algorithms: ReadonlySet<Algorithm>;
  /** RFC 7638, SHA-256, base64url, as in `jkt`. */
  readonly thumbprint: string;
  /** The same as `sha256:` and hexadecimal digits, as in records. */
  readonly keyThumbprint: string;
  readonly modulusBytes: number;
  /** What the thumbprint is made of: all that makes the key. */
  readonly members: Readonly<Record<string, string>>;
}

/** A `KeyObject` of node:crypto; who embeds the engine needs no types of Node. */
export type ReadyKey = object;

export interface PublicKey extends KeyDescription {
  readonly key: ReadyKey;
}

/**
 * Why a JWK is no key here. `ignored`: meant for something else, or of a kind that is not known.
 * `refused`: nobody should use it. `secret`: it should not have been published.
 */
export class JwkFault {
  readonly severity: 'ignored' | 'refused' | 'secret';
  readonly message: string;

  constructor(severity: JwkFault['severity'], message: string) {
    this.severity = severity;
    this.message = message;
  }
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const CURVES: ReadonlyMap<string, readonly [keyType: KeyType, coordinateBytes: number]> = new Map([
  ['P-256', ['P-256', 32]],
  ['P-384', ['P-384', 48]],
  ['P-521', ['P-521', 66]],
]);

/** Its members are those of the thumbprint (RFC 7638 section 3.2), in their order. */
type KeyMaterial = Pick<KeyDescription, 'keyType' | 'members' | 'modulusBytes'>;

const refused = (message: string): JwkFault => new JwkFault('refused', message);
/** Of numbers that look like a key. */
export const NO_KEY = refused('its numbers make no key: the point is on no curve');
const ignored = (message: string): JwkFault => new JwkFault('ignored', message);

/** Undefined when nothing in it has to be kept secret. */
export function secretFault(jwk: JsonObject): JwkFault | undefined {
  if (jwk.get('kty') === 'oct') {
    return new JwkFault('secret', 'a symmetric key (`oct`): who reads it can sign');
  }
  const name = PRIVATE_MEMBERS.find((it) => jwk.has(it));
  return name === undefined
    ? undefined
    : new JwkFault('secret', `a private key (\`${name}\`): who reads it can sign`);
}

/** Without regard to `use` and `key_ops`, which are a matter of the set. */
export function readPublicJwk(jwk: JsonObject): PublicKey | JwkFault {
  const description = describeJwk(jwk);
  if (description instanceof JwkFault) return description;
  const key = importKey(description);
  return key === undefined ? NO_KEY : { ...description, key };
}

/** @param rsaBitsMax smaller than usual for a key that a client chose */
export function describeJwk(jwk: JsonObject, rsaBitsMax?: number): KeyDescription | JwkFault {
  const secret = secretFault(jwk);
  if (secret !== undefined) return secret;
  const kid = jwk.get('kid');
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) {
    return refused('`kid` is no text');
  }
  const material = keyMaterial(jwk, rsaBitsMax);
  if (material instanceof JwkFault) return material;
  const algorithms = algorithmsAllowed(material.keyType, jwk.get('alg'));
  if (algorithms instanceof JwkFault) return algorithms;
  const digest = createHash('sha256').update(JSON.stringify(material.members)).digest();
  return {
    ...material,
    kid,
    algorithms,
    thumbprint: digest.toString('base64url'),
    keyThumbprint: `sha256:${digest.toString('hex')}`,
  };
}

function keyMaterial(jwk: JsonObject, rsaBitsMax: number | undefined): KeyMaterial | JwkFault {
  const kty = jwk.get('kty');
  switch (kty) {
    case 'RSA':
      return rsaMaterial(jwk, rsaBitsMax);
    case 'EC':
      return ecMaterial(jwk);
    case 'OKP':
      return ed25519Material(jwk);
    default:
      return typeof kty === 'string'
        ? ignored('a type of key that is not known')
        : refused('`kty` is no text');
  }
}

function rsaMaterial(jwk: JsonObject, rsaBitsMax: number | undefined): KeyMaterial | JwkFault {
  const n = octets(jwk, 'n');
  const e = octets(jwk, 'e');
  // RFC 7518 section 6.3.1.1: as few octets as represent the value.
  if (n === undefined || e === undefined || n.bytes[0] === 0 || e.bytes[0] === 0) {
    return refused('`n` or `e` is not canonical base64url of a number');
  }
  const fault = rsaFault(n.bytes, e.bytes, rsaBitsMax);
  if (fault !== undefined) return refused(fault);
  const members = { e: e.text, kty: 'RSA', n: n.text };
  return { keyType: 'RSA', members, modulusBytes: n.bytes.length };
}

function ecMaterial(jwk: JsonObject): KeyMaterial | JwkFault {
  const crv = jwk.get('crv');
  const row = typeof crv === 'string' ? CURVES.get(crv) : undefined;
  if (row === undefined) return ignored('a curve that is not known');
  const [keyType, coordinateBytes] = row;
  const x = octets(jwk, 'x');
  const y = octets(jwk, 'y');
  if (x?.bytes.length !== coordinateBytes || y?.bytes.length !== coordinateBytes) {
    return refused(`\`x\` or \`y\` is not canonical base64url of ${coordinateBytes} bytes`);
  }
  const members = { crv: keyType, kty: 'EC', x: x.text, y: y.text };
  return { keyType, members, modulusBytes: 0 };
}

function ed25519Material(jwk: JsonObject): KeyMaterial | JwkFault {
  if (jwk.get('crv') !== 'Ed25519') return ignored('a curve that is not known');
  const x = octets(jwk, 'x');
  if (x?.bytes.length !== 32) return refused('`x` is not canonical base64url of 32 bytes');
  const members = { crv: 'Ed25519', kty: 'OKP', x: x.text };
  return { keyType: 'Ed25519', members, modulusBytes: 0 };
}

function octets(
  jwk: JsonObject,
  name: string,
): { readonly text: string; readonly bytes: Buffer } | undefined {
  const text = jwk.get(name);
  if (typeof text !== 'string') return undefined;
  const bytes = decodeBase64url(text);
  return bytes && { text, bytes };
}

function algorithmsAllowed(
  keyType: KeyType,
  alg: BodyValue | undefined,
): ReadonlySet<Algorithm> | JwkFault {
  const fitting = algorithmsOf(keyType);
  if (alg === undefined) return new Set(fitting);
  if (typeof alg !== 'string') return refused('`alg` is no text');
  if (!isAlgorithm(alg)) return ignored('`alg` is no algorithm of signatures by a public key');
  if (!fitting.includes(alg)) return refused('`alg` does not fit the type of the key');
  return new Set([alg]);
}

/** Undefined when its numbers make no key. */
export function importKey({ members }: KeyDescription): ReadyKey | undefined {
  try {
    return createPublicKey({ key: members, format: 'jwk' });
  } catch {
    // A point that is on no curve: whose key it is, it signs nothing.
    return undefined;
  }
}
