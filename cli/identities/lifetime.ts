// How long an identity's credentials live, and how old they were when they were last used (C-065,
// C-068): one of the two dimensions of risk, never mixed with what they may reach.

import type { SeenCredential } from '../../audit/inventory_report.ts';

export interface Lifetime {
  /** In seconds; `endless` where one says no end, null where none says anything. */
  readonly longestS: number | 'endless' | null;
  readonly oldestAgeS: number | null;
  readonly limitS: number;
  readonly overLimit: readonly string[];
}

/** @param credentials those that count; an enforcer's word has no lifetime */
export function lifetimeOf(credentials: readonly SeenCredential[], limitMs: number): Lifetime {
  const limitS = limitMs / 1000;
  let longestS: Lifetime['longestS'] = null;
  let oldestAgeS: number | null = null;
  const overLimit = new Set<string>();
  for (const { credential, notBefore, notAfter, firstSeen, lastSeen } of credentials) {
    if (credential === '') continue;
    // One that says nothing of its beginning is at least as old as we know it.
    const from = Date.parse(notBefore ?? firstSeen);
    const ageS = Math.max(0, Math.floor((Date.parse(lastSeen) - from) / 1000));
    oldestAgeS = Math.max(oldestAgeS ?? 0, ageS);
    if (ageS > limitS) overLimit.add('age');
    if (notAfter === null) {
      longestS = 'endless';
      overLimit.add('lifetime');
      continue;
    }
    const lifetimeS = Math.floor((Date.parse(notAfter) - from) / 1000);
    if (longestS !== 'endless') longestS = Math.max(longestS ?? 0, lifetimeS);
    if (lifetimeS > limitS) overLimit.add('lifetime');
  }
  return { longestS, oldestAgeS, limitS, overLimit: [...overLimit].sort() };
}

export function lifetimeText({ longestS, oldestAgeS, limitS, overLimit }: Lifetime): string {
  if (longestS === null && oldestAgeS === null) return 'unknown';
  const longest =
    longestS === 'endless' ? 'endless' : longestS === null ? 'unknown' : spanText(longestS);
  const age = oldestAgeS === null ? '' : `, age ${spanText(oldestAgeS)}`;
  const over =
    overLimit.length === 0 ? '' : `; ${overLimit.join(' and ')} over ${spanText(limitS)}`;
  return `lives ${longest}${age}${over}`;
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
] as const;

/** In its largest unit, to one decimal. */
export function spanText(seconds: number): string {
  for (const [unitS, unit] of UNITS) {
    if (seconds >= unitS) return `${Math.round((seconds / unitS) * 10) / 10}${unit}`;
  }
  return `${Math.round(seconds)}s`;
}
