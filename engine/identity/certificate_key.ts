// Keys in certificates: which kinds are believed, each as the exact bytes of its
// AlgorithmIdentifier (RFC 3279, 5480, 8410). What is not in the table is refused before any
// arithmetic is done with it: DSA, explicit curves, a modulus of 16,384 bits.

import { DerReader, NOT_DER, TAG } from './der.ts';

export type KeyKind = 'rsa' | 'ec' | 'ed25519';

interface KeyRow {
  readonly kind: KeyKind;
  /** Of the key itself; 0 where it varies. */
  readonly bytes: number;
}

const KEYS: ReadonlyMap<string, KeyRow> = new Map([
  ['300d06092a864886f70d0101010500', { kind: 'rsa', bytes: 0 }],
  // P-256, P-384 and P-521, with a point written in full.
  ['301306072a8648ce3d020106082a8648ce3d030107', { kind: 'ec', bytes: 65 }],
  ['301006072a8648ce3d020106052b81040022', { kind: 'ec', bytes: 97 }],
  ['301006072a8648ce3d020106052b81040023', { kind: 'ec', bytes: 133 }],
  ['300506032b6570', { kind: 'ed25519', bytes: 32 }],
]);

const RSA_BITS_MIN = 2048;
/** Checking a signature costs the square of it: a longer one only costs. */
const RSA_BITS_MAX = 8192;
/** NIST SP 800-56B: at least 65,537; beyond 31 bits it only costs. */
const RSA_EXPONENT_MIN = 65_537;
const RSA_EXPONENT_MAX = 2 ** 31 - 1;
const UNCOMPRESSED_POINT = 0x04;

/** The kind of a SubjectPublicKeyInfo, or undefined when it is none that we believe. */
export function keyKindOf(subjectPublicKeyInfo: Buffer): KeyKind | undefined {
  const fields = new DerReader(subjectPublicKeyInfo);
  const inner = fields.inside(fields.expect(TAG.sequence));
  const algorithm = inner.expect(TAG.sequence);
  const bits = inner.expect(TAG.bitString);
  inner.finish();
  const row = KEYS.get(subjectPublicKeyInfo.toString('hex', algorithm.start, algorithm.end));
  if (row === undefined || subjectPublicKeyInfo[bits.content] !== 0) return undefined;
  const key = subjectPublicKeyInfo.subarray(bits.content + 1, bits.end);
  if (row.kind === 'rsa') return isSoundRsa(key) ? 'rsa' : undefined;
  const whole = key.length === row.bytes;
  return whole && (row.kind !== 'ec' || key[0] === UNCOMPRESSED_POINT) ? row.kind : undefined;
}

function isSoundRsa(key: Buffer): boolean {
  const outer = new DerReader(key);
  const fields = outer.inside(outer.expect(TAG.sequence));
  outer.finish();
  const modulus = unsigned(key, fields);
  const exponent = unsigned(key, fields);
  fields.finish();
  const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24;
  if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || modulus.at(-1)! % 2 === 0) return false;
  if (exponent.length > 4) return false;
  const value = exponent.readUIntBE(0, exponent.length);
  return value >= RSA_EXPONENT_MIN && value <= RSA_EXPONENT_MAX && value % 2 === 1;
}

/** A positive INTEGER without the zero that keeps it positive. */
function unsigned(bytes: Buffer, fields: DerReader): Buffer {
  const { content, end } = fields.expect(TAG.integer);
  if (content === end || bytes[content]! >= 0x80) throw NOT_DER;
  const first = bytes[content] === 0 ? content + 1 : content;
  if (first === end) throw NOT_DER;
  return bytes.subarray(first, end);
}
