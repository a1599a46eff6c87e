// What the rules that decided oblige an enforcer to do besides. Where two set the same name, the
// rule whose id comes first wins, so that order never matters.

import { NO_OBLIGATIONS, type Obligations } from '../decision.ts';
import type { Rule } from './rule.ts';

export function obligationsOf(rules: readonly Rule[]): Obligations {
  if (rules.every(({ record }) => record.obligations === undefined)) return NO_OBLIGATIONS;
  const headers = new Map<string, string>();
  const metadata = new Map<string, string | number | boolean>();
  let denialBody = '';
  for (const { record } of rules.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const given = record.obligations ?? {};
    for (const [name, value] of Object.entries(given.headers ?? {})) {
      if (!headers.has(name)) headers.set(name, value);
    }
    for (const [name, value] of Object.entries(given.metadata ?? {})) {
      if (!metadata.has(name)) metadata.set(name, value);
    }
    if (denialBody === '') denialBody = given.denialBody ?? '';
  }
  return { headers: [...headers].sort(), metadata: [...metadata].sort(), denialBody };
}
