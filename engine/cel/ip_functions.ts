// Functions of addresses and blocks, with the names and the meaning of Kubernetes' CEL libraries of
// IP addresses and CIDRs.

import { CelFailure } from './failure.ts';
import { ipText, masked, parseCidr, parseIp, sharePrefix } from './ip.ts';
import { define, type FunctionDefinition, type Implementation, signature } from './signature.ts';
import { BOOL, CIDR, INT, IP, STRING, type Type } from './type.ts';
import { CelCidr, CelIp, type CelValue } from './value.ts';

const SHOWN_MAX = 64;

function readIp(text: string): CelIp | CelFailure {
  const bytes = parseIp(text);
  if (bytes !== undefined) return new CelIp(bytes);
  return new CelFailure('invalid_argument', `\`${text.slice(0, SHOWN_MAX)}\` is no IP address`);
}

function readCidr(text: string): CelCidr | CelFailure {
  const cidr = parseCidr(text);
  if (cidr !== undefined) return cidr;
  return new CelFailure('invalid_argument', `\`${text.slice(0, SHOWN_MAX)}\` is no CIDR`);
}

const containsIp: Implementation = (_, cidr, other) => {
  const ip = typeof other === 'string' ? readIp(other) : other;
  if (ip instanceof CelFailure) return ip;
  if (!(cidr instanceof CelCidr && ip instanceof CelIp)) return undefined;
  return sharePrefix(cidr.bytes, ip.bytes, cidr.prefixBits);
};

const containsCidr: Implementation = (_, cidr, other) => {
  const inner = typeof other === 'string' ? readCidr(other) : other;
  if (inner instanceof CelFailure) return inner;
  if (!(cidr instanceof CelCidr && inner instanceof CelCidr)) return undefined;
  return (
    cidr.prefixBits <= inner.prefixBits && sharePrefix(cidr.bytes, inner.bytes, cidr.prefixBits)
  );
};

const BROADCAST = parseIp('255.255.255.255')!;

function within(...blocks: readonly string[]): (bytes: Uint8Array) => boolean {
  const cidrs = blocks.map((text) => parseCidr(text)!);
  return (bytes) => cidrs.some((it) => sharePrefix(it.bytes, bytes, it.prefixBits));
}

const isUnspecified = within('0.0.0.0/32', '::/128');
const isLoopback = within('127.0.0.0/8', '::1/128');
const isMulticast = within('224.0.0.0/4', 'ff00::/8');
const isLinkLocalUnicast = within('169.254.0.0/16', 'fe80::/10');
const isLinkLocalMulticast = within('224.0.0.0/24', 'ff02::/16');

function isGlobalUnicast(bytes: Uint8Array): boolean {
  return !(
    sharePrefix(bytes, BROADCAST, 32) ||
    isUnspecified(bytes) ||
    isLoopback(bytes) ||
    isMulticast(bytes) ||
    isLinkLocalUnicast(bytes)
  );
}

function ofIp(name: string, result: Type, work: (bytes: Uint8Array) => CelValue) {
  return define('method', name, [signature(result, IP)], (_, ip) =>
    ip instanceof CelIp ? work(ip.bytes) : undefined,
  );
}

function ofCidr(name: string, result: Type, work: (cidr: CelCidr) => CelValue) {
  return define('method', name, [signature(result, CIDR)], (_, cidr) =>
    cidr instanceof CelCidr ? work(cidr) : undefined,
  );
}

function ofText(name: string, result: Type, work: (text: string) => CelValue | CelFailure) {
  return define('function', name, [signature(result, STRING)], (_, text) =>
    typeof text === 'string' ? work(text) : undefined,
  );
}

function isCanonical(text: string): boolean | CelFailure {
  const ip = readIp(text);
  return ip instanceof CelFailure ? ip : ipText(ip.bytes) === text;
}

export const IP_FUNCTIONS: readonly FunctionDefinition[] = [
  ofText('ip', IP, readIp),
  ofText('isIP', BOOL, (text) => parseIp(text) !== undefined),
  ofText('ip.isCanonical', BOOL, isCanonical),
  ofText('cidr', CIDR, readCidr),
  ofText('isCIDR', BOOL, (text) => parseCidr(text) !== undefined),
  ofIp('family', INT, (bytes) => (bytes.length === 4 ? 4n : 6n)),
  ofIp('isUnspecified', BOOL, isUnspecified),
  ofIp('isLoopback', BOOL, isLoopback),
  ofIp('isLinkLocalUnicast', BOOL, isLinkLocalUnicast),
  ofIp('isLinkLocalMulticast', BOOL, isLinkLocalMulticast),
  ofIp('isGlobalUnicast', BOOL, isGlobalUnicast),
  ofCidr('ip', IP, ({ bytes }) => new CelIp(bytes)),
  ofCidr('masked', CIDR, masked),
  ofCidr('prefixLength', INT, ({ prefixBits }) => BigInt(prefixBits)),
  define(
    'method',
    'containsIP',
    [signature(BOOL, CIDR, IP), signature(BOOL, CIDR, STRING)],
    containsIp,
  ),
  define(
    'method',
    'containsCIDR',
    [signature(BOOL, CIDR, CIDR), signature(BOOL, CIDR, STRING)],
    containsCidr,
  ),
];
