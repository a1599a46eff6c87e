// How fetching a key set ends: one closed set of words, in metrics and in the log.

export const FETCH_RESULTS = [
  'ok',
  /** The file of authorities cannot be read. */
  'ca_file',
  'dns',
  /** The name leads to addresses that are not allowed, and to no other. */
  'address',
  'connect',
  /** No TLS, or a certificate that does not fit. */
  'tls',
  'status',
  /** To another host, to plaintext, or a second one. */
  'redirect',
  'content_type',
  'encoding',
  'too_large',
  /** The connection ended before the answer did, or it is no HTTP. */
  'broken',
  'timeout',
  /** It came, and is no key set. */
  'invalid',
] as const;
export type FetchResult = (typeof FETCH_RESULTS)[number];
export type FetchFailure = Exclude<FetchResult, 'ok'>;

export type Fetched =
  | {
      readonly result: 'ok';
      readonly text: string;
      /** Of Cache-Control; undefined when it says nothing. */
      readonly maxAgeMs: number | undefined;
    }
  | {
      readonly result: FetchFailure;
      /** For the log: nothing of the answer's body or of the URL's query. */
      readonly detail: string;
    };

/** Ends a fetch; caught in `fetchKeys`, and only there. */
export class FetchError extends Error {
  readonly result: FetchFailure;

  constructor(result: FetchFailure, detail: string) {
    super(detail);
    this.result = result;
  }
}

/** The code of a system error, or its message; never what a server wrote. */
export function whyOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return String(code ?? message ?? 'failed').slice(0, 200);
}
