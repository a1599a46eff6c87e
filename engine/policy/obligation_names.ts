// Headers that no rule may set: ours, Envoy's own, those of a connection, and those by which an
// upstream would recognise somebody.

const RESERVED: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'cookie',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);
const PREFIXES = ['x-remit-', 'x-envoy-', 'x-forwarded-', 'proxy-', 'sec-'];

/** @param name in lower case; `_` counts as `-`, as it does to many upstreams */
export function isReservedHeader(name: string): boolean {
  const dashed = name.replaceAll('_', '-');
  return RESERVED.has(dashed) || PREFIXES.some((prefix) => dashed.startsWith(prefix));
}
