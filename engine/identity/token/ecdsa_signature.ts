// ECDSA signatures as JWS has them, in the form that OpenSSL reads. Node would convert them too,
// but only for a key inside an object of options, and looking that over takes a third as long as
// the signature itself.

const INTEGER = 0x02;
const SEQUENCE = 0x30;
/** X.690 section 8.1.3.5: what is longer says first in how many bytes its length stands. */
const SHORT_LENGTH_MAX = 0x7f;
const LENGTH_IN_ONE_BYTE = 0x81;

/**
 * @param signature R and S, each as long as the order of the curve (RFC 7518 section 3.4)
 * @returns SEQUENCE of the two as INTEGER (RFC 3279 section 2.2.3), in DER
 */
export function ecdsaSignatureDer(signature: Uint8Array): Buffer {
  const half = signature.length / 2;
  const der = Buffer.allocUnsafe(signature.length + 9);
  // Head and sum of the lengths are known last; it stands before what they count.
  let at = writeInteger(der, 3, signature, 0, half);
  at = writeInteger(der, at, signature, half, signature.length);
  const length = at - 3;
  const isShort = length <= SHORT_LENGTH_MAX;
  const start = isShort ? 1 : 0;
  der[start] = SEQUENCE;
  if (!isShort) der[1] = LENGTH_IN_ONE_BYTE;
  der[2] = length;
  return der.subarray(start, at);
}

/** X.690 section 8.3: the fewest bytes, and positive. Returns where it ends. */
function writeInteger(
  der: Buffer,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let first = start;
  while (first < end - 1 && bytes[first] === 0) first++;
  const isNegative = bytes[first]! >= 0x80;
  let next = at;
  der[next++] = INTEGER;
  der[next++] = end - first + (isNegative ? 1 : 0);
  if (isNegative) der[next++] = 0;
  der.set(bytes.subarray(first, end), next);
  return next + end - first;
}
