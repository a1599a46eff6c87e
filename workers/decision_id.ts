// Decision ids: UUID version 7 (RFC 9562 section 5.7), time-ordered, so that records sort by time.
// Random bytes come from the system in blocks: one call an id would cost more than the decision.

import { randomFillSync } from 'node:crypto';

const RANDOM_BYTES = 10;
const DIGITS = 2 * RANDOM_BYTES;
const block = Buffer.allocUnsafe(800 * RANDOM_BYTES);
let digits = '';
let used = 0;

let timeMs = -1;
let timeHex = '';

/** The two bits `10` and two random ones: the first digit of the variant's field. */
const VARIANT = '89ab';

/** @param now milliseconds since the epoch */
export function decisionId(now: number): string {
  if (used === digits.length) {
    digits = randomFillSync(block).toString('hex');
    used = 0;
  }
  if (now !== timeMs) {
    const hex = now.toString(16).padStart(12, '0');
    timeHex = `${hex.slice(0, 8)}-${hex.slice(8)}`;
    timeMs = now;
  }
  const at = used;
  used += DIGITS;
  // Slices this short are copies, so an id does not keep the whole block alive.
  const version = digits.slice(at, at + 3);
  const variant = VARIANT[block[(at >> 1) + 1]! & 3]! + digits.slice(at + 4, at + 7);
  return `${timeHex}-7${version}-${variant}-${digits.slice(at + 7, at + 19)}`;
}
