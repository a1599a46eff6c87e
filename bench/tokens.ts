// Tokens for a load: of an issuer whose keys a bundle names, for the caller of check.json.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleOptions, writeBundle } from './bundle.ts';

const ISSUER = 'https://issuer.example';
const SUBJECT = 'checkout';
const KEY_ID = 'bench';
const HOUR_S = 3_600;
const SIGNATURE_BYTES = 64;

const KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A bundle of ten rules whose first caller may come with a token as well. */
export function writeTokenBundle(folder: string, options: Omit<BundleOptions, 'rules'>): void {
  mkdirSync(folder, { recursive: true });
  writeBundle(folder, { ...options, rules: 10, token: { issuer: 'tokens', subject: SUBJECT } });
  const jwk = { ...KEYS.publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'ES256' };
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [jwk] }));
  writeFileSync(
    join(folder, 'tokens.yaml'),
    `kind: Issuer
metadata: {name: tokens}
spec: {jwt: {issuer: "${ISSUER}", jwks: {file: ./keys.json}, audiences: [remit], maxLifetime: 12h}}
`,
  );
}

/** ES256; each is another one. */
export function makeToken(): string {
  const signed = unsigned();
  const signature = sign('sha256', Buffer.from(signed), {
    key: KEYS.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

/** As such a token looks, with a signature of nobody's: nothing cheaper than checking it shows. */
export function makeGarbage(): string {
  return `${unsigned()}.${randomBytes(SIGNATURE_BYTES).toString('base64url')}`;
}

function unsigned(): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ iss: ISSUER, sub: SUBJECT, aud: 'remit', client_id: SUBJECT },
    ...{ jti: randomBytes(16).toString('base64url'), iat, exp: iat + 6 * HOUR_S },
  };
  return [{ alg: 'ES256', kid: KEY_ID, typ: 'at+jwt' }, claims]
    .map((it) => Buffer.from(JSON.stringify(it)).toString('base64url'))
    .join('.');
}
