// The URI of a request as a proof of possession names it (RFC 9449 section 4.3, step 9): query and
// fragment off, compared after the normalization of RFC 3986 sections 6.2.2 and 6.2.3. Dot segments
// stay: a path that has them is another one.

/** Scheme, host and an optional port, in the characters of RFC 3986: ASCII in either case. */
const ORIGIN = /^(https?):\/\/([a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i;
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Undefined when it is no URI of a request. */
export function targetUri(text: string): string | undefined {
  const schemeEnd = text.indexOf('://');
  if (schemeEnd < 0) return undefined;
  const end = text.search(/[?#]/);
  const whole = end < 0 ? text : text.slice(0, end);
  const pathStart = whole.indexOf('/', schemeEnd + 3);
  const origin = pathStart < 0 ? whole : whole.slice(0, pathStart);
  const path = pathStart < 0 ? '/' : whole.slice(pathStart);
  const match = ORIGIN.exec(origin);
  if (match === null || !PATH.test(path)) return undefined;
  const scheme = match[1]!.toLowerCase();
  const host = match[2]!.toLowerCase();
  const port = match[3];
  const shownPort = port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  return `${scheme}://${host}${shownPort}${path.replace(/%[0-9A-Fa-f]{2}/g, unescapeUnreserved)}`;
}

/** Both are URIs of a request, and the same. */
export function isSameTarget(claimed: string, actual: string): boolean {
  const target = targetUri(actual);
  return target !== undefined && targetUri(claimed) === target;
}

/** An escape that RFC 3986 section 6.2.2.2 calls needless, else in upper case. */
function unescapeUnreserved(written: string): string {
  const character = String.fromCharCode(Number.parseInt(written.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : written.toUpperCase();
}
