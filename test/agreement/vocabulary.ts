// The small vocabulary of generated bundles and requests, so that rules and requests often meet,
// and the times at which something happens in them.

import type { Random } from './random.ts';

export type Block = Record<string, unknown>;
export type Doc = Block & { spec: Block };

export const HOME = 'td.example';
export const NAMESPACES = ['pay', 'shop', 'ai'];
export const ACCOUNTS = ['orders', 'ledger', 'cart', 'bot'];
export const TENANTS = ['acme', 'blue'];
export const ENVIRONMENTS = ['prod', 'prod-eu', 'dev'];
export const KINDS = ['workload', 'agent', 'ci', 'gateway', 'human', 'third_party'];
export const VERBS = [
  'read',
  'write',
  'invoke',
  'delegate',
  'rotate',
  'admin',
  'escalate',
  'connect',
];
export const DATA_CLASSES = ['public', 'internal', 'confidential', 'restricted'];
export const DOMAINS = [HOME, HOME, HOME, 'other.example'];
/** Facts that enforcers assert, with their values. */
export const RUNTIME: Readonly<Record<string, readonly string[]>> = {
  cluster: ['eu-1', 'eu-2', 'us-1'],
  zone: ['a', 'b'],
};
export const ADDRESSES = ['10.0.0.7', '10.1.2.3', '192.168.0.9', 'fd00::1', '2001:0db8:0:0::5'];
export const IP_BLOCKS = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.0.0.7/32',
  '192.168.0.0/24',
  'fd00::/8',
  '2001:db8::/32',
];

/** The time at which most decisions are made: a Sunday at noon. */
export const NOW = Date.parse('2026-11-22T12:00:00Z');

/** When trials end, exceptions and identities expire. */
export const INSTANTS = [
  '2026-11-22T12:00:00Z',
  '2026-11-22T12:00:00.001Z',
  '2026-11-22T12:02:30Z',
  '2026-11-22T13:04:00+01:00',
  '2026-11-22T11:00:00+01:00',
  '2026-11-23T00:00:00Z',
  '2027-01-01T00:00:00Z',
  '2027-06-01T00:00:00Z',
  '2026-01-01T00:00:00Z',
];
/** Those that come after most decisions. */
export const LATER_INSTANTS = [
  '2026-11-22T12:02:30Z',
  '2026-11-23T00:00:00Z',
  '2027-06-01T00:00:00Z',
];
/** The last days of reviews. */
export const REVIEWS = ['2026-11-21', '2026-11-22', '2026-11-23', '2027-03-01', '2027-12-31'];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OFFSETS = [1, -1, SECOND, 90 * SECOND, 150 * SECOND, 4 * MINUTE, -HOUR, 7 * HOUR];
const MIDNIGHT = Date.parse('2026-11-23T00:00:00Z');
/** Clocks are put back and forward: Berlin, New York, Lord Howe. */
const CLOCK_CHANGES = [
  '2026-10-25T00:30:00Z',
  '2026-10-25T00:58:30Z',
  '2026-10-25T01:30:00Z',
  '2027-03-28T00:57:00Z',
  '2027-03-28T01:00:00Z',
  '2026-11-01T05:58:00Z',
  '2026-11-01T06:30:00Z',
  '2027-03-14T06:59:00Z',
  '2027-04-03T14:58:00Z',
  '2026-10-03T15:28:00Z',
];

/** A time at which something is decided. */
export function timeOfDecision(random: Random): number {
  const choice = random.next();
  if (choice < 0.6) return NOW;
  if (choice < 0.8) return NOW + random.pick(OFFSETS);
  if (choice < 0.88) return MIDNIGHT - random.pick([3 * MINUTE, MINUTE, 1, 0]);
  if (choice < 0.94) return NOW + random.below(7 * 24) * HOUR + random.below(HOUR);
  return Date.parse(random.pick(CLOCK_CHANGES)) + random.pick([0, 0, 1, -1, MINUTE]);
}

/** A pattern around a text: whole, a prefix, a suffix, or anything. */
export function textPattern(random: Random, text: string): string {
  if (text.length < 2) return random.pick([text, '*']);
  const cut = 1 + random.below(text.length - 1);
  return random.pick([text, text, `${text.slice(0, cut)}*`, `*${text.slice(cut)}`, '*']);
}

/** Identities that callers may have; some of them in no inventory. */
export function spiffeId(random: Random): string {
  const domain = random.pick(DOMAINS);
  if (random.chance(0.15)) return `spiffe://${domain}/${random.pick(['edge/gw', 'host', 'a/b/c'])}`;
  return `spiffe://${domain}/ns/${random.pick(NAMESPACES)}/sa/${random.pick(ACCOUNTS)}`;
}

export function spiffePattern(random: Random): string {
  const id = spiffeId(random);
  if (random.chance(0.6)) return id;
  const [scheme, empty, domain, ...segments] = id.split('/');
  const starred = segments.map((segment) => (random.chance(0.5) ? '*' : segment));
  return [scheme, empty, domain, ...starred].join('/');
}
