// application/x-www-form-urlencoded, of a body or of a query: pairs between `&`, percent-encoded
// UTF-8 decoded once, `+` for a space (WHATWG URL section 5.1). Stricter than that where it decodes
// best effort: an escape that is none, or no UTF-8, and a bare semicolon are refused.

import { BODY_PROBLEMS, type BodyProblem } from './body.ts';

/** By name, values in order; a name without `=` has an empty value. */
export type Form = ReadonlyMap<string, readonly string[]>;

export function parseForm(text: string, fieldsMax: number): Form | BodyProblem {
  const form = new Map<string, string[]>();
  // Some parsers begin another field here, and would see one that we do not.
  if (text.includes(';')) return BODY_PROBLEMS.semicolon;
  let left = fieldsMax;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('&', start);
    const end = found < 0 ? text.length : found;
    if (end > start) {
      if (left-- === 0) return BODY_PROBLEMS.keys;
      const equals = text.indexOf('=', start);
      const nameEnd = equals < 0 || equals > end ? end : equals;
      const name = decode(text.slice(start, nameEnd));
      const value = decode(text.slice(Math.min(nameEnd + 1, end), end));
      if (name === undefined || value === undefined) return BODY_PROBLEMS.percent;
      const values = form.get(name);
      if (values === undefined) form.set(name, [value]);
      else values.push(value);
    }
    start = end + 1;
  }
  return form;
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
