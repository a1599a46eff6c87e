// Headers that a caller never gets to choose: identity headers, which are overwritten, and those
// with which an upstream could be made to read another method or path than we did, which are
// removed.

export const DECISION_ID_HEADER = 'x-remit-decision-id';
export const PRINCIPAL_HEADER = 'x-remit-principal';
/** Of the upstream hand-off, unless another is configured. */
export const IDENTITY_HEADER = 'x-remit-identity';
/** What the names of all of ours start with. */
export const OUR_HEADERS = 'x-remit-';

export const REMOVED_HEADERS = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
] as const;

const RESERVED: readonly string[] = REMOVED_HEADERS;
/** By length of a name, so that most headers are passed over without a look at a byte of them. */
const LENGTHS: readonly boolean[] = Array.from({ length: 32 }, (_, length) =>
  RESERVED.some((name) => name.length === length),
);

/**
 * The name as it was sent, if it is a reserved one written with underscores: CGI, WSGI and Rack
 * make no difference between `-` and `_`, and Envoy lets both pass unless it is told not to.
 */
export function underscored(buffer: Buffer, start: number, end: number): string | undefined {
  if (!LENGTHS[end - start] && !mayBeOurs(buffer, start, end)) return undefined;
  const text = buffer.toString('latin1', start, end);
  if (!text.includes('_')) return undefined;
  const name = text.toLowerCase();
  const dashed = name.replaceAll('_', '-');
  return dashed.startsWith(OUR_HEADERS) || RESERVED.includes(dashed) ? name : undefined;
}

const LOWER_CASE = 0x20;
const X = 0x78;
const R = 0x72;

/** By two letters, which few other headers have. */
function mayBeOurs(buffer: Buffer, start: number, end: number): boolean {
  if (end - start < OUR_HEADERS.length) return false;
  return (buffer[start]! | LOWER_CASE) === X && (buffer[start + 2]! | LOWER_CASE) === R;
}
