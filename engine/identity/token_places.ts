// Where tokens may stand, of all Issuers together: what a request is searched for, and what a
// challenge may ask for.

import type { CredentialLocation } from './credential_location.ts';
import type { TokenPlace } from './presented_tokens.ts';
import type { TokenType } from './token/access_token.ts';

/** What is asked of each Issuer. */
export interface PlacedIssuer {
  readonly id: string;
  readonly types: ReadonlySet<TokenType>;
  readonly locations: readonly CredentialLocation[];
  readonly boundOnly: boolean;
}

/** By which schemes tokens may stand in `Authorization`. */
export interface TokenSchemes {
  readonly jwt: {
    readonly bearer: boolean;
    readonly dpop: boolean;
    /** Somebody issues only tokens that are bound to a key, and may be shown by DPoP. */
    readonly boundOnly: boolean;
  };
  /** JWT-SVIDs are bearer tokens. */
  readonly svid: boolean;
}

/** Each place once. */
export function placesOf(
  issuers: readonly PlacedIssuer[],
  hasSvids: boolean,
): readonly TokenPlace[] {
  const places = new Map<string, { location: CredentialLocation; issuers: Set<string> }>();
  const placeOf = (location: CredentialLocation) => {
    const key = JSON.stringify(location);
    const place = places.get(key) ?? { location, issuers: new Set() };
    places.set(key, place);
    return place;
  };
  if (hasSvids) placeOf({ in: 'authorization', scheme: 'bearer' });
  for (const { id, locations } of issuers) {
    for (const location of locations) placeOf(location).issuers.add(id);
  }
  return [...places.values()];
}

export function schemesOf(issuers: readonly PlacedIssuer[], svid: boolean): TokenSchemes {
  // A transaction token names nobody.
  const naming = issuers.filter(({ types }) => types.size > 0);
  const by = (scheme: string): PlacedIssuer[] =>
    naming.filter(({ locations }) => isByScheme(scheme, locations));
  const dpop = by('dpop');
  return {
    jwt: {
      bearer: by('bearer').length > 0,
      dpop: dpop.length > 0,
      boundOnly: dpop.some((it) => it.boundOnly),
    },
    svid,
  };
}

export function isByScheme(scheme: string, locations: readonly CredentialLocation[]): boolean {
  return locations.some((it) => it.in === 'authorization' && it.scheme === scheme);
}
