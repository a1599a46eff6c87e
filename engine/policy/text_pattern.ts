// Patterns over short texts (DESIGN section 6, "Strings"): exact, `*` (present and not empty),
// `abc*` and `*abc`.

export type TextMatcher = (value: string) => boolean;

/** Undefined when a `*` stands anywhere but at one end. */
export function parseTextPattern(text: string): TextMatcher | undefined {
  if (!text.includes('*')) return (value) => value === text;
  if (text === '*') return (value) => value !== '';
  if (text.indexOf('*') !== text.lastIndexOf('*')) return undefined;
  const stem = text.replace('*', '');
  if (text.endsWith('*')) return (value) => value.startsWith(stem);
  if (text.startsWith('*')) return (value) => value.endsWith(stem);
  return undefined;
}

export function isTextPattern(text: string): boolean {
  return text.includes('*');
}
