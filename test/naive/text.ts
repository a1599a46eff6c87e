// Patterns over texts and resources (DESIGN section 6, "Strings" and "Resource").

/** Exact, `*` (present and not empty), `abc*`, `*abc`. */
export function textMatches(pattern: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (pattern === '*') return value !== '';
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1));
  return pattern === value;
}

/**
 * `type/id`, both written out; `*` in the id is one segment, a trailing `**` is all that is left.
 */
export function resourceMatches(pattern: string, type: string, id: string): boolean {
  const [wantedType, ...wanted] = pattern.split('/');
  if (wantedType !== type) return false;
  if (!pattern.includes('*')) return wanted.join('/') === id;
  const segments = id.split('/');
  if (wanted.at(-1) === '**') {
    wanted.pop();
    const rest = segments.splice(wanted.length).join('/');
    if (rest === '') return false;
  }
  return (
    wanted.length === segments.length &&
    wanted.every((want, index) => {
      const segment = segments[index]!;
      return segment !== '' && (want === '*' || want === segment);
    })
  );
}

/** `account/{path.account}` with what the path captured. */
export function fill(template: string, captures: Readonly<Record<string, string>>): string {
  return template.replace(/\{path\.([^}]*)\}/g, (_, name: string) => captures[name] ?? '');
}

/** What a header says as text; one that came more than once says all of it. */
export function headerOf(
  headers: readonly (readonly [name: string, value: string])[],
  wanted: string,
): string | undefined {
  const values = headers.filter(([name]) => lower(name) === wanted).map(([, value]) => value);
  return values.length === 0 ? undefined : Buffer.from(values.join(','), 'latin1').toString();
}

/** Of header and host names, which ignore case and are ASCII. */
export function lower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
