// RSA moduli that are believed: long enough, not so long that they only cost, and not made by the
// library of CVE-2017-15361 (ROCA), whose private keys can be computed.

const BITS_MIN = 2048;
const BITS_MAX = 8192;
/** NIST SP 800-56B: at least 65,537; beyond 31 bits it only costs. */
const EXPONENT_MIN = 65_537;
const EXPONENT_MAX = 2 ** 31 - 1;

/** The odd primes up to 167, as in the authors' test: one sound modulus of 2^28 fails it. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** By prime, the remainders that a modulus of that library can have: the powers of 65,537. */
const ROCA_REMAINDERS: readonly (readonly [prime: bigint, remainders: ReadonlySet<bigint>])[] =
  PRIMES.map((prime) => {
    const remainders = new Set<bigint>();
    for (let power = 1; !remainders.has(BigInt(power)); power = (power * 65_537) % prime) {
      remainders.add(BigInt(power));
    }
    return [BigInt(prime), remainders];
  });

/**
 * Why nobody should believe the key; undefined when it is sound.
 * @param modulus big-endian, as short as it can be
 */
export function rsaFault(
  modulus: Buffer,
  exponent: Buffer,
  bitsMax = BITS_MAX,
): string | undefined {
  const bits = modulus.length * 8 - (Math.clz32(modulus[0]!) - 24);
  if (bits < BITS_MIN || bits > bitsMax) {
    return `a modulus of ${bits} bits; ${BITS_MIN} to ${bitsMax} are believed`;
  }
  if (modulus.at(-1)! % 2 === 0) return 'an even modulus';
  const value = exponent.length > 4 ? Number.NaN : exponent.readUIntBE(0, exponent.length);
  if (!(value >= EXPONENT_MIN && value <= EXPONENT_MAX && value % 2 === 1)) {
    return `a public exponent that is not odd and from ${EXPONENT_MIN} to 2^31`;
  }
  return isRoca(BigInt(`0x${modulus.toString('hex')}`))
    ? 'a modulus of the kind that CVE-2017-15361 (ROCA) breaks'
    : undefined;
}

function isRoca(modulus: bigint): boolean {
  return ROCA_REMAINDERS.every(([prime, remainders]) => remainders.has(modulus % prime));
}
