// Decision ids: UUID version 7 (RFC 9562 section 5.7), time-ordered, so that records sort by time.
// Random bytes come from the system in blocks: one call an id would cost more than the decision.

import { randomFillSync } from 'node:crypto';

const BLOCK_BYTES = 8192;
const RANDOM_BYTES = 10;
const block = Buffer.allocUnsafe(BLOCK_BYTES);
let used = BLOCK_BYTES;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let timeMs = -1;
let timeHex = '';

/** @param now milliseconds since the epoch */
export function decisionId(now: number): string {
  if (used + RANDOM_BYTES > BLOCK_BYTES) {
    randomFillSync(block);
    used = 0;
  }
  if (now !== timeMs) {
    const hex = now.toString(16).padStart(12, '0');
    timeHex = `${hex.slice(0, 8)}-${hex.slice(8)}`;
    timeMs = now;
  }
  const byte = (index: number): string => HEX[block[used + index]!]!;
  const version = HEX[0x70 | (block[used]! & 0x0f)]!;
  const variant = HEX[0x80 | (block[used + 2]! & 0x3f)]!;
  const id = `${timeHex}-${version}${byte(1)}-${variant}${byte(3)}-${byte(4)}${byte(5)}${byte(6)}${byte(7)}${byte(8)}${byte(9)}`;
  used += RANDOM_BYTES;
  return id;
}
