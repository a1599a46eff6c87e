// Headers that a caller never gets to choose: identity headers, which are overwritten, and those
// with which an upstream could be made to read another method or path than we did, which are
// removed.

export const DECISION_ID_HEADER = 'x-remit-decision-id';
export const PRINCIPAL_HEADER = 'x-remit-principal';

export const REMOVED_HEADERS = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
] as const;

const RESERVED = [DECISION_ID_HEADER, PRINCIPAL_HEADER, ...REMOVED_HEADERS];
/** By length of a name, so that most headers are passed over without a look at a byte of them. */
const LENGTHS: readonly boolean[] = Array.from({ length: 32 }, (_, length) =>
  RESERVED.some((name) => name.length === length),
);

/**
 * The name as it was sent, if it is a reserved one written with underscores: CGI, WSGI and Rack
 * make no difference between `-` and `_`, and Envoy lets both pass unless it is told not to.
 */
export function underscored(buffer: Buffer, start: number, end: number): string | undefined {
  if (!LENGTHS[end - start]) return undefined;
  const text = buffer.toString('latin1', start, end);
  if (!text.includes('_')) return undefined;
  const name = text.toLowerCase();
  return RESERVED.includes(name.replaceAll('_', '-')) ? name : undefined;
}
