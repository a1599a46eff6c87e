// Addresses and blocks of them (`from.ipBlocks`): a text of bits each, and a block holds what
// begins with its bits.

import { isIPv4, isIPv6 } from 'node:net';

/** `10.0.0.0/8`, `fd00::/8`. What is no address is in no block. */
export function blockHolds(block: string, address: string): boolean {
  const [network, length] = block.split('/');
  const wanted = bitsOf(network!);
  const bits = bitsOf(address);
  if (wanted === undefined || bits === undefined || wanted.length !== bits.length) return false;
  const kept = length === undefined ? wanted.length : Number(length);
  return wanted.slice(0, kept) === bits.slice(0, kept);
}

export function isAddress(text: string): boolean {
  return bitsOf(text) !== undefined;
}

/** 32 or 128 of `0` and `1`; an IPv4 address written as IPv6 is the IPv4 address. */
function bitsOf(address: string): string | undefined {
  if (isIPv4(address)) {
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  }
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return bitsOf(mapped);
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...(tail === undefined ? [] : zeros), ...last]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}
