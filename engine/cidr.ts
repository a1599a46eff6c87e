// IP addresses (RFC 4291 section 2.2 for version 6) and the blocks they lie in (RFC 4632), read in
// one way only: a leading zero, which some parsers take for octal, and a zone, which no other host
// knows, are refused. An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is the IPv4 address: a
// socket for both families knows its IPv4 peers so, and one peer has to have one name.

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
/** Where the IPv4 address stands in one that is mapped. */
const MAPPED_BYTES = IPV6_BYTES - IPV4_BYTES;
/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const IP_LENGTH_MAX = 45;
const DOT = 0x2e;
const COLON = 0x3a;
const HEX = '0123456789abcdefABCDEF';

/** 4 or 16 bytes; undefined when the text is no address. */
export function parseIp(text: string): Uint8Array | undefined {
  if (text.length > IP_LENGTH_MAX) return undefined;
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text);
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(MAPPED_BYTES) : bytes;
}

/** A block of addresses of one family: what is IPv4 lies in no IPv6 block, and the reverse. */
export class Cidr {
  readonly family: 4 | 6;
  readonly prefixBits: number;
  readonly #prefix: Uint8Array;

  /** @param prefix its bits below the length are zero */
  constructor(prefix: Uint8Array, prefixBits: number) {
    this.family = prefix.length === IPV4_BYTES ? 4 : 6;
    this.prefixBits = prefixBits;
    this.#prefix = prefix;
  }

  /** @param ip as `parseIp` returns it */
  contains(ip: Uint8Array): boolean {
    const prefix = this.#prefix;
    if (ip.length !== prefix.length) return false;
    const wholeBytes = this.prefixBits >> 3;
    for (let i = 0; i < wholeBytes; i++) if (ip[i] !== prefix[i]) return false;
    const bitsBelow = 8 - (this.prefixBits & 7);
    return bitsBelow === 8 || ip[wholeBytes]! >> bitsBelow === prefix[wholeBytes]! >> bitsBelow;
  }
}

/**
 * `address/length`, or an address alone, which is that one address. Bits below the length are
 * refused: `10.1.2.3/8` is either a host or a network sixteen million times as large, and only its
 * author knows which.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const prefix = parseIp(address);
  if (prefix === undefined) return undefined;
  const bits = 8 * prefix.length;
  if (slash < 0) return new Cidr(prefix, bits);
  const length = parseLength(text.slice(slash + 1));
  // The length of a mapped prefix is that of IPv6; above it is what says that it is mapped.
  const mappedBits = prefix.length === IPV4_BYTES && address.includes(':') ? 8 * MAPPED_BYTES : 0;
  const prefixBits = length - mappedBits;
  if (!(prefixBits >= 0 && prefixBits <= bits) || hasBitsBelow(prefix, prefixBits))
    return undefined;
  return new Cidr(prefix, prefixBits);
}

/** NaN when it is no number of at most three digits. */
function parseLength(text: string): number {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : Number.NaN;
}

function hasBitsBelow(prefix: Uint8Array, prefixBits: number): boolean {
  return prefix.some((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefixBits - 8 * index));
    return (byte & (0xff >> kept)) !== 0;
  });
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => {
    return index >= MAPPED_BYTES || byte === (index < MAPPED_BYTES - 2 ? 0 : 0xff);
  });
}

function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(IPV4_BYTES);
  let index = 0;
  let value = 0;
  let digits = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code >= 0x30 && code <= 0x39) {
      if (digits > 0 && value === 0) return undefined;
      value = 10 * value + code - 0x30;
      if (value > 255) return undefined;
      digits++;
    } else {
      if (code !== DOT || digits === 0 || index === IPV4_BYTES) return undefined;
      bytes[index++] = value;
      value = 0;
      digits = 0;
    }
  }
  return index === IPV4_BYTES ? bytes : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(IPV6_BYTES);
  let length = 0;
  let gap = text.startsWith('::') ? 0 : -1;
  let at = gap < 0 ? 0 : 2;
  while (at < text.length) {
    const end = hexEnd(text, at);
    if (text.charCodeAt(end) === DOT) {
      const ipv4 = parseIpv4(text.slice(at));
      if (ipv4 === undefined || length > MAPPED_BYTES) return undefined;
      bytes.set(ipv4, length);
      length += IPV4_BYTES;
      break;
    }
    if (end === at || end > at + 4 || length === IPV6_BYTES) return undefined;
    const group = Number.parseInt(text.slice(at, end), 16);
    bytes[length++] = group >> 8;
    bytes[length++] = group & 0xff;
    if (end === text.length) break;
    if (text.charCodeAt(end) !== COLON || end + 1 === text.length) return undefined;
    at = end + 1;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = length;
      at++;
    }
  }
  if (gap < 0) return length === IPV6_BYTES ? bytes : undefined;
  // `::` stands for one group of zeros at least.
  if (length === IPV6_BYTES) return undefined;
  const tail = IPV6_BYTES - (length - gap);
  bytes.copyWithin(tail, gap, length);
  return bytes.fill(0, gap, tail);
}

function hexEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && HEX.includes(text[at]!)) at++;
  return at;
}
