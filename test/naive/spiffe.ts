// SPIFFE IDs and patterns over them, said once more with regular expressions (SPIFFE-ID section 2;
// DESIGN section 6, "Strings").

export interface NaiveId {
  readonly text: string;
  readonly trustDomain: string;
  /** Of a path that is exactly `/ns/<namespace>/sa/<service account>`. */
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
}

const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;
const KUBERNETES = /^\/ns\/([^/]+)\/sa\/([^/]+)$/;

/** A SPIFFE ID that names a workload, or undefined. An ID without a path names only a domain. */
export function readId(text: string): NaiveId | undefined {
  if (Buffer.byteLength(text) > 2048) return undefined;
  const [, trustDomain, path] = ID.exec(text) ?? [];
  if (trustDomain === undefined || path === undefined || path === '') return undefined;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return undefined;
  const [, namespace, serviceAccount] = KUBERNETES.exec(path) ?? [];
  return { text, trustDomain, namespace, serviceAccount };
}

/** Segment by segment; `*` stands for exactly one, and never in the trust domain. */
export function idMatches(pattern: string, id: NaiveId): boolean {
  const wanted = pattern.split('/');
  const segments = id.text.split('/');
  return (
    wanted.length === segments.length &&
    wanted.every((want, index) => want === '*' || want === segments[index])
  );
}

/** Negative when `a` is more specific: a literal segment beats `*`, the first difference counts. */
export function compareSpecificity(a: string, b: string): number {
  const stars = (pattern: string) => pattern.split('/').map((segment) => segment === '*');
  const [inA, inB] = [stars(a), stars(b)];
  const first = inA.findIndex((star, index) => star !== inB[index]);
  if (first === -1) return 0;
  return inA[first] ? 1 : -1;
}

/** A trust domain as a rule may write it: by its name, or by any SPIFFE ID in it. */
export function trustDomainOf(text: string): string {
  return text.replace(/^spiffe:\/\//, '').split('/')[0]!;
}
