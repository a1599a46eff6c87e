// What an API key of a request proves: whose key it is, and nothing of who holds it.

import { isFailure } from '../failure.ts';
import { ApiKeyFailure, apiKeyExpiry, verifyApiKey } from './api_key.ts';
import type { ApiKeyIssuers } from './api_key_issuers.ts';
import { presentedAt } from './credential_location.ts';
import type { ProofImage } from './proof_image.ts';
import type { Proved } from './proved.ts';
import type { TokenRefusal } from './token_credential.ts';

/** Undefined where no key stands in any place of one. */
export function apiKeyProved(
  headers: ReadonlyMap<string, string>,
  issuers: ApiKeyIssuers,
  { inventory }: ProofImage,
  now: number,
): Proved | TokenRefusal | undefined {
  let found: Proved | TokenRefusal | undefined;
  for (const { header, among } of issuers.places) {
    const shown = presentedAt({ in: 'header', name: header, prefix: '' }, { headers, path: '' });
    if (shown.kind === 'none') continue;
    const refusal = (refused: TokenRefusal['refused'], credential = ''): TokenRefusal => {
      return { refused, claim: undefined, method: 'api_key', credential };
    };
    if (found !== undefined) return refusal('authn.identity_conflict');
    if (shown.kind === 'unusable') return refusal('authn.untrusted_issuer');
    let failure = refusal('authn.untrusted_issuer');
    for (const { id, keys, hmacKey, createdAt } of among) {
      const key = verifyApiKey(shown.text, keys, hmacKey);
      if (isFailure(key)) {
        if (key instanceof ApiKeyFailure) failure = refusal(key.reason, key.credential);
        continue;
      }
      const { subject, credential, expiresAt } = key;
      const late = apiKeyExpiry(key, now);
      if (late !== undefined) return refusal(late, credential);
      found = {
        method: 'api_key',
        principal: inventory.findSubject(id, subject, 'apikey'),
        ...{ issuer: id, subject, credential, svid: undefined, token: undefined },
        notBefore: createdAt.get(key.id),
        notAfter: expiresAt,
      };
      break;
    }
    found ??= failure;
  }
  return found;
}
