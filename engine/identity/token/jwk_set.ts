// The keys of one issuer: a JWK Set (RFC 7517 section 5) or a SPIFFE bundle (SPIFFE Trust Domain
// and Bundle section 4), read once, when it is loaded. What a set cannot be used for is told in
// words; a set that publishes a secret is refused as a whole.

import { type BodyLimits, BodyProblem, type BodyValue } from '../../body/body.ts';
import { parseJson } from '../../body/json.ts';
import { KEY_SET_KEYS_MAX, KEY_SET_MEMBERS_MAX, KEY_SET_TEXT_MAX } from '../../limits.ts';
import type { Algorithm } from './algorithm.ts';
import { isJsonObject, type JsonObject } from './compact_jws.ts';
import { JwkFault, type PublicKey, readPublicJwk, secretFault } from './public_jwk.ts';

/**
 * Which keys count. `sig`: of an OAuth issuer; `jwt-svid` and `wit-svid`: the `use` in a SPIFFE
 * bundle. `workload-api`: of the method that serves keys for JWT-SVIDs alone, so that agents leave
 * their `use` out.
 */
export type KeySetPurpose = 'sig' | 'jwt-svid' | 'wit-svid' | 'workload-api';

/** Why a set is no set: the one before stays in force. */
export class KeySetFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** A key that the set has and that verifies nothing. */
export interface KeySetFinding {
  readonly severity: 'ignored' | 'refused';
  readonly message: string;
}

/** Checked keys; none at all is valid, and means that nobody is trusted. */
export class JwkSet {
  readonly keys: readonly PublicKey[];
  readonly findings: readonly KeySetFinding[];
  /** `spiffe_sequence` and `spiffe_refresh_hint` of a SPIFFE bundle. */
  readonly sequence: bigint | undefined;
  readonly refreshHintMs: number | undefined;
  readonly #byKid: ReadonlyMap<string, PublicKey>;

  constructor(
    keys: readonly PublicKey[],
    findings: readonly KeySetFinding[],
    sequence: bigint | undefined,
    refreshHintMs: number | undefined,
  ) {
    this.keys = keys;
    this.findings = findings;
    this.sequence = sequence;
    this.refreshHintMs = refreshHintMs;
    this.#byKid = new Map(keys.flatMap((key) => (key.kid === undefined ? [] : [[key.kid, key]])));
  }

  ofKid(kid: string): PublicKey | undefined {
    return this.#byKid.get(kid);
  }

  /** The only key that fits; undefined when none or several do. */
  onlyFor(algorithm: Algorithm): PublicKey | undefined {
    const fitting = this.keys.filter(({ algorithms }) => algorithms.has(algorithm));
    return fitting.length === 1 ? fitting[0] : undefined;
  }
}

const KEY_SET_LIMITS: BodyLimits = {
  bytes: KEY_SET_TEXT_MAX,
  depth: 8,
  keys: KEY_SET_MEMBERS_MAX,
  elements: KEY_SET_MEMBERS_MAX,
  parts: 0,
  keyCase: 'distinct',
};

const SVID_USES: readonly (BodyValue | undefined)[] = ['x509-svid', 'jwt-svid', 'wit-svid'];

const LABEL_LENGTH_MAX = 80;

/** @param text decoded from UTF-8 */
export function parseJwkSet(text: string, purpose: KeySetPurpose): JwkSet | KeySetFault {
  if (text.length > KEY_SET_TEXT_MAX) {
    return new KeySetFault(`longer than ${KEY_SET_TEXT_MAX} characters`);
  }
  const value = parseJson(text, KEY_SET_LIMITS);
  if (value instanceof BodyProblem) return new KeySetFault(`no JSON to read: ${value.detail}`);
  return isJsonObject(value) ? readJwkSet(value, purpose) : new KeySetFault('no JSON object');
}

/** A set inside another document, such as a SPIFFE bundle map. */
export function readJwkSet(document: JsonObject, purpose: KeySetPurpose): JwkSet | KeySetFault {
  const elements = document.get('keys');
  if (!Array.isArray(elements)) return new KeySetFault('`keys` is no list');
  if (elements.length > KEY_SET_KEYS_MAX) {
    return new KeySetFault(`more than ${KEY_SET_KEYS_MAX} keys`);
  }
  const findings: KeySetFinding[] = [];
  const usable: JsonObject[] = [];
  for (const [index, element] of elements.entries()) {
    if (!isJsonObject(element)) return new KeySetFault(`key ${index + 1} is no JSON object`);
    const secret = secretFault(element);
    if (secret !== undefined) return new KeySetFault(`${label(element)}: ${secret.message}`);
    const fault = purposeFault(element, purpose);
    if (fault === undefined) usable.push(element);
    else if (!isOtherSvid(element, purpose)) {
      findings.push({ severity: 'ignored', message: `${label(element)}: ${fault}` });
    }
  }
  const keys = readKeys(usable, purpose, findings);
  const hint = wholeNumber(document.get('spiffe_refresh_hint'));
  return new JwkSet(
    keys,
    findings,
    wholeNumber(document.get('spiffe_sequence')),
    hint === undefined ? undefined : Number(hint) * 1000,
  );
}

function readKeys(
  jwks: readonly JsonObject[],
  purpose: KeySetPurpose,
  findings: KeySetFinding[],
): readonly PublicKey[] {
  const timesUsed = new Map<BodyValue | undefined, number>();
  for (const jwk of jwks) timesUsed.set(jwk.get('kid'), (timesUsed.get(jwk.get('kid')) ?? 0) + 1);
  const keys: PublicKey[] = [];
  for (const jwk of jwks) {
    const tell = (severity: KeySetFinding['severity'], message: string) =>
      findings.push({ severity, message: `${label(jwk)}: ${message}` });
    const kid = jwk.get('kid');
    if (kid === undefined && purpose !== 'sig') {
      tell('refused', 'no `kid`, which a SPIFFE bundle has to give');
    } else if (kid !== undefined && timesUsed.get(kid)! > 1) {
      // Which of them is meant nobody can say, so neither is.
      tell('refused', 'another key of the set has the same `kid`');
    } else {
      const key = readPublicJwk(jwk);
      if (!(key instanceof JwkFault)) keys.push(key);
      else tell(key.severity === 'ignored' ? 'ignored' : 'refused', key.message);
    }
  }
  return keys;
}

/** RFC 7517 sections 4.2 and 4.3: why the key is not for this; undefined when it is. */
function purposeFault(jwk: JsonObject, purpose: KeySetPurpose): string | undefined {
  const use = jwk.get('use');
  const wanted = purpose === 'workload-api' ? 'jwt-svid' : purpose;
  const mayMiss = purpose === 'sig' || purpose === 'workload-api';
  const meant = use === undefined ? mayMiss : use === wanted;
  if (!meant) return use === undefined ? 'no `use`' : `its \`use\` is not \`${wanted}\``;
  const operations = jwk.get('key_ops');
  if (operations === undefined) return undefined;
  const verifies = Array.isArray(operations) && operations.includes('verify');
  return verifies ? undefined : 'its `key_ops` do not include `verify`';
}

/** A SPIFFE bundle holds keys for each kind of SVID, so there is nothing to tell of the others. */
function isOtherSvid(jwk: JsonObject, purpose: KeySetPurpose): boolean {
  return purpose !== 'sig' && SVID_USES.includes(jwk.get('use'));
}

/** For a message: the `kid` of a key. */
function label(jwk: JsonObject): string {
  const kid = jwk.get('kid');
  return typeof kid === 'string'
    ? `key ${JSON.stringify(kid.slice(0, LABEL_LENGTH_MAX))}`
    : 'a key';
}

function wholeNumber(value: BodyValue | undefined): bigint | undefined {
  return typeof value === 'bigint' && value >= 0n ? value : undefined;
}
