// SPIFFE IDs (SPIFFE-ID section 2), validated once and kept as the text they came as: two IDs are
// equal exactly when their texts are. Nothing is decoded, trimmed or lower-cased.

export type SpiffeIdErrorCode =
  | 'empty'
  | 'too_long'
  | 'scheme'
  | 'trust_domain_missing'
  | 'trust_domain_too_long'
  | 'trust_domain_character'
  | 'path_character'
  | 'empty_segment'
  | 'dot_segment'
  | 'trailing_slash';

const RULES: Readonly<Record<SpiffeIdErrorCode, string>> = {
  empty: 'a SPIFFE ID cannot be empty',
  too_long: 'a SPIFFE ID is limited to 2048 bytes',
  scheme: 'a SPIFFE ID starts with `spiffe://`, in lower case',
  trust_domain_missing: 'the trust domain is missing',
  trust_domain_too_long: 'a trust domain is limited to 255 characters',
  trust_domain_character:
    'trust domain characters are limited to lower-case letters, numbers, dots, dashes, and ' +
    'underscores',
  path_character:
    'path segment characters are limited to letters, numbers, dots, dashes, and underscores',
  empty_segment: 'a path cannot contain empty segments',
  dot_segment: 'a path cannot contain the segments `.` and `..`',
  trailing_slash: 'a path cannot end with a slash',
};

/** Why a text is not a SPIFFE ID: a code, and the rule it breaks in words. */
export class SpiffeIdError {
  readonly code: SpiffeIdErrorCode;
  readonly rule: string;

  constructor(code: SpiffeIdErrorCode) {
    this.code = code;
    this.rule = RULES[code];
  }
}

// Failing is an expected event on the hot path, so the errors are made once.
const ERRORS = Object.fromEntries(
  Object.keys(RULES).map((code) => [code, new SpiffeIdError(code as SpiffeIdErrorCode)]),
) as Record<SpiffeIdErrorCode, SpiffeIdError>; // The keys are those of RULES.

const PREFIX = 'spiffe://';
const ID_BYTES_MAX = 2048;
const TRUST_DOMAIN_LENGTH_MAX = 255;
const SLASH = 0x2f;

// Assigned in SpiffeId's static block: INVARIANT: only parseSpiffeId can make a SpiffeId.
let makeSpiffeId: (id: string, pathStart: number) => SpiffeId;

/** A valid SPIFFE ID. Its parts are slices, made when they are first asked for, and kept. */
export class SpiffeId {
  readonly id: string;
  /** Where the path starts in `id`; its length when there is no path. */
  readonly pathStart: number;
  #kubernetes: KubernetesName | null | undefined = undefined;
  #trustDomain: string | undefined = undefined;

  static {
    makeSpiffeId = (id, pathStart) => new SpiffeId(id, pathStart);
  }

  private constructor(id: string, pathStart: number) {
    this.id = id;
    this.pathStart = pathStart;
  }

  get trustDomain(): string {
    this.#trustDomain ??= this.id.slice(PREFIX.length, this.pathStart);
    return this.#trustDomain;
  }

  /** Empty, or starting with a slash. An ID without a path names no workload. */
  get path(): string {
    return this.id.slice(this.pathStart);
  }

  /** The Kubernetes namespace, if the path is exactly `/ns/<namespace>/sa/<service account>`. */
  get namespace(): string | undefined {
    return this.kubernetes?.namespace;
  }

  /** The Kubernetes service account, under the same condition. */
  get serviceAccount(): string | undefined {
    return this.kubernetes?.serviceAccount;
  }

  get kubernetes(): KubernetesName | undefined {
    if (this.#kubernetes === undefined) this.#kubernetes = kubernetesName(this) ?? null;
    return this.#kubernetes ?? undefined;
  }
}

export interface KubernetesName {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** `namespace/serviceAccount` */
  readonly qualified: string;
}

function kubernetesName({ id, pathStart }: SpiffeId): KubernetesName | undefined {
  if (!id.startsWith('/ns/', pathStart)) return undefined;
  const start = pathStart + '/ns/'.length;
  const end = id.indexOf('/', start);
  if (end < 0 || !id.startsWith('/sa/', end)) return undefined;
  const name = end + '/sa/'.length;
  if (id.includes('/', name)) return undefined;
  const namespace = id.slice(start, end);
  const serviceAccount = id.slice(name);
  return { namespace, serviceAccount, qualified: `${namespace}/${serviceAccount}` };
}

/** Reads the whole text as one SPIFFE ID. The error is the first fault from left to right. */
export function parseSpiffeId(text: string): SpiffeId | SpiffeIdError {
  if (text === '') return ERRORS.empty;
  // Bounds the work. A valid ID is ASCII, where characters are bytes.
  if (text.length > ID_BYTES_MAX) return ERRORS.too_long;
  if (!text.startsWith(PREFIX)) return ERRORS.scheme;
  let pathStart = PREFIX.length;
  while (pathStart < text.length && text.charCodeAt(pathStart) !== SLASH) {
    if (!isTrustDomainCharacter(text.charCodeAt(pathStart))) return ERRORS.trust_domain_character;
    pathStart++;
  }
  if (pathStart === PREFIX.length) return ERRORS.trust_domain_missing;
  if (pathStart - PREFIX.length > TRUST_DOMAIN_LENGTH_MAX) return ERRORS.trust_domain_too_long;
  return pathError(text, pathStart) ?? makeSpiffeId(text, pathStart);
}

/** The trust domain that configuration names, by itself or by any SPIFFE ID in it. */
export function parseTrustDomain(text: string): string | SpiffeIdError {
  if (text.includes(':/')) {
    const id = parseSpiffeId(text);
    return id instanceof SpiffeId ? id.trustDomain : id;
  }
  if (text === '') return ERRORS.trust_domain_missing;
  if (text.length > TRUST_DOMAIN_LENGTH_MAX) return ERRORS.trust_domain_too_long;
  for (let i = 0; i < text.length; i++) {
    if (!isTrustDomainCharacter(text.charCodeAt(i))) return ERRORS.trust_domain_character;
  }
  return text;
}

function pathError(text: string, pathStart: number): SpiffeIdError | undefined {
  let segmentStart = pathStart + 1;
  for (let i = segmentStart; i <= text.length; i++) {
    const code = i === text.length ? SLASH : text.charCodeAt(i);
    if (code !== SLASH) {
      if (!isPathCharacter(code)) return ERRORS.path_character;
      continue;
    }
    const length = i - segmentStart;
    if (length === 0) return i === text.length ? ERRORS.trailing_slash : ERRORS.empty_segment;
    if (length <= 2 && '..'.startsWith(text.slice(segmentStart, i))) return ERRORS.dot_segment;
    segmentStart = i + 1;
  }
  return undefined;
}

function isTrustDomainCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || // a-z
    (code >= 0x30 && code <= 0x39) || // 0-9
    code === 0x2e || // .
    code === 0x2d || // -
    code === 0x5f // _
  );
}

function isPathCharacter(code: number): boolean {
  return isTrustDomainCharacter(code) || (code >= 0x41 && code <= 0x5a); // A-Z
}
