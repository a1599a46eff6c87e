// Addresses and blocks of addresses as text (RFC 4291 sections 2.2 and 2.3, RFC 5952): strict, so
// that two readers cannot differ. No zeros in front, no zone, and no IPv4 address within an IPv6
// one: `::ffff:10.0.0.1` would pass where a block of IPv4 addresses is forbidden.

import { CelCidr } from './value.ts';

const IP_TEXT_MAX = 45;

/** 4 or 16 bytes. */
export function parseIp(text: string): Uint8Array | undefined {
  if (text.length > IP_TEXT_MAX) return undefined;
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

export function parseCidr(text: string): CelCidr | undefined {
  const slash = text.indexOf('/');
  if (slash === -1) return undefined;
  const bytes = parseIp(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (bytes === undefined || !/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const prefixBits = Number(digits);
  return prefixBits > bytes.length * 8 ? undefined : new CelCidr(bytes, prefixBits);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...before!, ...(after ?? [])];
  // `::` stands for at least one group.
  if (after === undefined ? groups.length !== 8 : groups.length > 7) return undefined;
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const bytes = new Uint8Array(16);
  const write = (list: readonly string[], from: number) => {
    for (const [i, group] of list.entries()) {
      const value = Number.parseInt(group, 16);
      bytes[from + 2 * i] = value >> 8;
      bytes[from + 2 * i + 1] = value & 0xff;
    }
  };
  write(before!, 0);
  write(after ?? [], 16 - 2 * (after?.length ?? 0));
  return isIpv4Mapped(bytes) ? undefined : bytes;
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((it) => it === 0) && bytes[10] === 255 && bytes[11] === 255;
}

/** The first bits of two addresses are the same; never of two families. */
export function sharePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0, left = bits; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff00 >> left) & 0xff;
    if (((a[i]! ^ b[i]!) & mask) !== 0) return false;
  }
  return true;
}

export function masked({ bytes, prefixBits }: CelCidr): CelCidr {
  const network = bytes.map((byte, i) => {
    const left = Math.min(Math.max(prefixBits - 8 * i, 0), 8);
    return byte & ((0xff00 >> left) & 0xff);
  });
  return new CelCidr(network, prefixBits);
}

/** RFC 5952: the longest run of zero groups, the first of several, is `::`. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  const hex = (list: readonly number[]) => list.map((group) => group.toString(16)).join(':');
  if (best.length < 2) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
}

export function cidrText({ bytes, prefixBits }: CelCidr): string {
  return `${ipText(bytes)}/${prefixBits}`;
}
