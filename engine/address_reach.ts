// How far an IP address reaches: what may be fetched from where. By the registries of
// special-purpose addresses (RFC 6890, kept by IANA); what they do not call global is not public.

import { type Cidr, parseCidr, parseIp } from './cidr.ts';

export type AddressReach =
  /** Reachable from anywhere. */
  | 'public'
  /** A network of the operator's own, or this host. */
  | 'private'
  /** Nothing that publishes keys: link-local (cloud metadata), multicast, reserved, no address. */
  | 'special';

const blocks = (...texts: string[]): readonly Cidr[] => texts.map((text) => parseCidr(text)!);

const LOOPBACK = blocks('127.0.0.0/8', '::1/128');
const PRIVATE = blocks(
  '10.0.0.0/8',
  '100.64.0.0/10', // Shared address space (RFC 6598).
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7', // Unique local (RFC 4193).
);
const SPECIAL = blocks(
  '0.0.0.0/8',
  '168.63.129.16/32', // The host agent of Azure, from within any of its machines.
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23', // Protocol assignments, Teredo among them: it holds an IPv4 address.
  '2001:db8::/32',
  '2002::/16', // 6to4 holds an IPv4 address too.
  '3fff::/20',
);
/** All that IANA has given out of IPv6 for unicast between networks. */
const GLOBAL_IPV6 = blocks('2000::/3');
/** NAT64 (RFC 6052): the last four bytes are where it leads. */
const NAT64 = blocks('64:ff9b::/96');

const isIn = (list: readonly Cidr[], ip: Uint8Array): boolean => list.some((it) => it.contains(ip));

/** @param text an address alone; with a zone it is none that another host knows */
export function reachOf(text: string): AddressReach {
  const ip = parseIp(text);
  if (ip === undefined) return 'special';
  return reachOfBytes(ip);
}

export function isLoopback(text: string): boolean {
  const ip = parseIp(text);
  return ip !== undefined && isIn(LOOPBACK, ip);
}

function reachOfBytes(ip: Uint8Array): AddressReach {
  if (isIn(LOOPBACK, ip) || isIn(PRIVATE, ip)) return 'private';
  if (isIn(SPECIAL, ip)) return 'special';
  if (ip.length === 4) return 'public';
  if (isIn(NAT64, ip)) return reachOfBytes(ip.subarray(12));
  return isIn(GLOBAL_IPV6, ip) ? 'public' : 'special';
}
