// The upstream hand-off (C-077): a JWT that tells the service behind the proxy who was allowed
// what, for this one request. It says little, lives for a minute at most and is signed anew each
// time, so its `jti` is the id of the one decision it stands for.

import { sign } from 'node:crypto';
import type { Verdict } from '../engine/check.ts';
import type { Service } from '../engine/policy/service.ts';
import type { IdentityHeader } from '../envoy/check_response.ts';
import { SharedSigningKeys, type SigningKey } from './signing_keys.ts';

/** Plain data: each thread makes its own signer of it. */
export interface HandOffPlan {
  /** In lower case. */
  readonly header: string;
  readonly issuer: string;
  readonly lifetimeS: number;
  readonly keys: SharedArrayBuffer;
}

export class IdentitySigner {
  readonly #plan: HandOffPlan;
  readonly #keys: SharedSigningKeys;
  #key: SigningKey | undefined;
  /** The encoded header of its tokens, with the dot behind it. */
  #head = '';

  constructor(plan: HandOffPlan) {
    this.#plan = plan;
    this.#keys = new SharedSigningKeys(plan.keys);
  }

  /**
   * What an allowed request carries on; undefined on a denial. Without an identity nothing is said,
   * and what the client says is removed.
   * @param destination its SPIFFE ID as the enforcer names it; empty where it does not
   */
  headerFor(
    { decision, principal, service, access }: Verdict,
    destination: string,
    decisionId: string,
    now: number,
  ): IdentityHeader | undefined {
    if (decision.reason !== undefined) return undefined;
    const { header, issuer, lifetimeS } = this.#plan;
    if (principal === undefined || principal.id === '') return { header, token: '' };
    // Nothing is allowed without them.
    if (service === undefined || access === undefined) throw new Error('an allow of no operation');
    const iat = Math.floor(now / 1000);
    // Nor longer than what was decided holds.
    const until = Math.min(iat + lifetimeS, Math.floor(decision.validUntil / 1000));
    const token = this.#signed({
      iss: issuer,
      sub: principal.id,
      aud: audienceOf(service, destination),
      iat,
      exp: Math.max(iat + 1, until),
      jti: decisionId,
      assurance: principal.assurance,
      operation: access.operation.id,
    });
    return { header, token };
  }

  #signed(claims: object): string {
    if (this.#key?.version !== this.#keys.version) {
      this.#key = this.#keys.read();
      const head = { alg: 'ES256', typ: 'remit-identity+jwt', kid: this.#key.kid };
      this.#head = `${encoded(head)}.`;
    }
    const text = this.#head + encoded(claims);
    const { key } = this.#key;
    // RFC 7518 section 3.4: R and S side by side.
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }
}

/** Its SPIFFE ID, where it is known which of them; else `namespace/service`. */
function audienceOf({ id, destinations }: Service, destination: string): string {
  if (destinations.includes(destination)) return destination;
  const [only, second] = destinations;
  return only !== undefined && second === undefined ? only : id;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
