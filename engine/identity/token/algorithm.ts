// Signature algorithms of JWS (RFC 7518 section 3.1, RFC 8037, RFC 9864): everything to know about
// one in one place. HMAC is in no table: what verifies would be enough to sign.

import { constants } from 'node:crypto';

export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** What a key is, as far as algorithms differ in it. */
export type KeyType = 'RSA' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519';

export interface AlgorithmRow {
  readonly keyType: KeyType;
  /** Ed25519 hashes by itself. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  /** Of every signature; 0 where it is as long as the modulus. */
  readonly signatureBytes: number;
  readonly padding: number | undefined;
}

const rsa = (digest: AlgorithmRow['digest'], padding: number): AlgorithmRow => ({
  keyType: 'RSA',
  digest,
  signatureBytes: 0,
  padding,
});
const pkcs1 = (digest: AlgorithmRow['digest']) => rsa(digest, constants.RSA_PKCS1_PADDING);
const pss = (digest: AlgorithmRow['digest']) => rsa(digest, constants.RSA_PKCS1_PSS_PADDING);
const curve = (
  keyType: KeyType,
  digest: AlgorithmRow['digest'],
  signatureBytes: number,
): AlgorithmRow => ({ keyType, digest, signatureBytes, padding: undefined });

const table = {
  RS256: pkcs1('sha256'),
  RS384: pkcs1('sha384'),
  RS512: pkcs1('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  ES256: curve('P-256', 'sha256', 64),
  ES384: curve('P-384', 'sha384', 96),
  ES512: curve('P-521', 'sha512', 132),
  EdDSA: curve('Ed25519', null, 64),
  Ed25519: curve('Ed25519', null, 64),
} as const satisfies Readonly<Record<Algorithm, AlgorithmRow>>;

const ROWS: ReadonlyMap<string, AlgorithmRow> = new Map(Object.entries(table));

/** The nine that SPIFFE knows (JWT-SVID section 2.1, WIT-SVID): no EdDSA. */
export const SPIFFE_ALGORITHMS: ReadonlySet<Algorithm> = new Set(
  ALGORITHMS.filter((it) => table[it].keyType !== 'Ed25519'),
);

/** All: only asymmetric ones are known here (RFC 9449 section 4.3). */
export const PROOF_ALGORITHMS: ReadonlySet<Algorithm> = new Set(ALGORITHMS);

/** Exactly as written, in its case. */
export function isAlgorithm(name: string): name is Algorithm {
  return ROWS.has(name);
}

export function algorithmRow(algorithm: Algorithm): AlgorithmRow {
  return table[algorithm];
}

export function algorithmsOf(keyType: KeyType): readonly Algorithm[] {
  return ALGORITHMS.filter((it) => table[it].keyType === keyType);
}
