// Fetches a key set once: one GET, all of it within a fixed time and size. The server is somebody
// else's: it may hang, drip, send anything, and lead elsewhere.

import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { KiB, MiB } from '../../engine/limits.ts';
import { FetchError, type Fetched, whyOf } from './fetch_result.ts';
import type { JwksSource } from './jwks_source.ts';
import { openConnection, type Resolve } from './key_connection.ts';

/** DNS, TLS, redirect and a body that drips, together. */
export const FETCH_MS_MAX = 5_000;
/** A set has some 2 KiB; those of the largest providers 10. */
export const FETCH_BYTES_MAX = MiB;
/** A MiB in packets of Ethernet has 700; each costs the control thread some microseconds. */
const PIECES_MAX = 16_384;
const HEADER_BYTES_MAX = 16 * KiB;
const REDIRECTS_MAX = 1;
const CONTENT_TYPES = ['application/json', 'application/jwk-set+json'];
const REDIRECTS = [301, 302, 303, 307, 308];

export interface FetchOptions {
  readonly resolve: Resolve;
  readonly msMax?: number;
  /** Gives up at once. */
  readonly signal?: AbortSignal;
}

/** Never rejects. */
export async function fetchKeys(source: JwksSource, options: FetchOptions): Promise<Fetched> {
  const timeout = AbortSignal.timeout(options.msMax ?? FETCH_MS_MAX);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  try {
    let url = new URL(source.url);
    for (let redirects = 0; ; redirects++) {
      const answer = await getOnce(url, source, options.resolve, signal);
      if (!(answer instanceof URL)) return answer;
      if (redirects === REDIRECTS_MAX) throw new FetchError('redirect', 'a second redirect');
      url = answer;
    }
  } catch (error) {
    if (signal.aborted) return { result: 'timeout', detail: 'no whole answer in time' };
    if (error instanceof FetchError) return { result: error.result, detail: error.message };
    return { result: 'broken', detail: whyOf(error) };
  }
}

/** The URL where it leads, if it leads elsewhere. */
async function getOnce(
  url: URL,
  source: JwksSource,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<Fetched | URL> {
  const socket = await openConnection(url, source, resolve, signal);
  try {
    const response = await responseOf(url, socket);
    const { statusCode = 0 } = response;
    if (REDIRECTS.includes(statusCode)) return redirectOf(url, response);
    if (statusCode !== 200) throw new FetchError('status', `status ${statusCode}`);
    assertReadable(response);
    const text = decode(await bodyOf(response));
    return { result: 'ok', text, maxAgeMs: maxAgeMs(response.headers['cache-control']) };
  } finally {
    socket.destroy();
  }
}

function responseOf(url: URL, socket: Socket): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request({
      // With it no agent is asked, so no proxy either.
      createConnection: () => socket,
      method: 'GET',
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        accept: CONTENT_TYPES.join(', '),
        'accept-encoding': 'identity',
        'user-agent': 'remit',
        connection: 'close',
      },
      maxHeaderSize: HEADER_BYTES_MAX,
      insecureHTTPParser: false,
    });
    asking.once('response', (response) => {
      // One that nobody reads on ends with the socket.
      response.on('error', () => undefined);
      resolve(response);
    });
    asking.on('error', reject);
    asking.once('close', () => reject(new Error('closed')));
    asking.end();
  });
}

/** Within one origin only: another host is one that nobody named. */
function redirectOf(url: URL, { headers }: IncomingMessage): URL {
  const location = headers.location ?? '';
  if (location === '' || !URL.canParse(location, url.href))
    throw new FetchError('redirect', 'to no URL');
  const target = new URL(location, url);
  const named = target.username === '' && target.password === '';
  if (target.origin !== url.origin || !named) throw new FetchError('redirect', 'to another host');
  return target;
}

function assertReadable({ headers }: IncomingMessage): void {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (!CONTENT_TYPES.includes(type)) {
    throw new FetchError('content_type', type === '' ? 'none' : 'neither JSON nor a JWK set');
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw new FetchError('encoding', 'it is compressed');
  if (Number(headers['content-length'] ?? 0) > FETCH_BYTES_MAX) throw tooLarge();
}

function bodyOf(response: IncomingMessage): Promise<Uint8Array> {
  // One piece of memory: chunks of a byte each would be as many objects.
  const body = Buffer.allocUnsafe(FETCH_BYTES_MAX);
  let length = 0;
  let pieces = 0;
  return new Promise((resolve, reject) => {
    // Taken as they come; an iterator would be given many at a time.
    response.on('data', (piece: Buffer) => {
      if (++pieces > PIECES_MAX || length + piece.length > FETCH_BYTES_MAX) {
        reject(tooLarge());
        response.destroy();
      } else length += piece.copy(body, length);
    });
    response.on('error', reject);
    // Also after the end; then nothing is rejected any more.
    response.once('close', () => reject(new FetchError('broken', 'the body ends early')));
    response.once('end', () => {
      if (response.complete) resolve(body.subarray(0, length));
    });
  });
}

function tooLarge(): FetchError {
  return new FetchError('too_large', `more than ${FETCH_BYTES_MAX / MiB} MiB, or in crumbs`);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FetchError('invalid', 'no UTF-8');
  }
}

/** The least that it says (RFC 9111 section 5.2.2); what must not be stored is old at once. */
export function maxAgeMs(cacheControl: string | undefined): number | undefined {
  let least: number | undefined;
  for (const directive of (cacheControl ?? '').toLowerCase().split(',')) {
    const [, digits] = /^\s*max-age\s*=\s*"?([0-9]{1,9})"?\s*$/.exec(directive) ?? [];
    const stored = /^\s*(?:no-store|no-cache)\b/.test(directive) ? 0 : undefined;
    const ms = digits === undefined ? stored : 1_000 * Number(digits);
    if (ms !== undefined && (least === undefined || ms < least)) least = ms;
  }
  return least;
}
