// A connection to a server of keys. The name is resolved here and the address itself is connected
// to, so the address that was checked is the one that answers: a name that means something else a
// moment later (DNS rebinding) changes nothing. Proxies of the environment are not used.

import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { isLoopback, reachOf } from '../../engine/address_reach.ts';
import { parseIp } from '../../engine/cidr.ts';
import { addressOf } from '../../engine/key_url.ts';
import { KEY_FILE_BYTES_MAX } from '../../engine/limits.ts';
import { FetchError, whyOf } from './fetch_result.ts';
import type { JwksSource } from './jwks_source.ts';

/** Addresses of one name that are tried; more are of no use within the time. */
const ADDRESSES_MAX = 4;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** Until the next one is tried. */
const CONNECT_MS = 1_000;

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const resolving = new Map<string, Promise<readonly string[]>>();

/**
 * As the system resolves it. It cannot be given up, and occupies one of the few helper threads of
 * the process: while one is on its way, whoever asks for the same name waits for that one.
 */
export function systemResolve(host: string): Promise<readonly string[]> {
  const known = resolving.get(host);
  if (known !== undefined) return known;
  const answer = lookup(host, { all: true }).then((found) => found.map(({ address }) => address));
  resolving.set(host, answer);
  const forget = (): void => void resolving.delete(host);
  answer.then(forget, forget);
  return answer;
}

/** Rejects with a FetchError; the socket ends when the signal says so. */
export async function openConnection(
  url: URL,
  source: JwksSource,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<Socket> {
  const secure = url.protocol === 'https:';
  const context = secure ? secureContextOf(source) : undefined;
  const addresses = await allowedAddresses(url, source, resolve, signal);
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const socket = await connectToOne(addresses, port, signal);
  return context === undefined ? socket : secured(socket, url.hostname, context, signal);
}

async function allowedAddresses(
  { hostname, protocol }: URL,
  { allowPrivate, allowHttp }: JwksSource,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const literal = addressOf(hostname);
  const found = literal === undefined ? await resolved(hostname, resolve, signal) : [literal];
  const allowed = found.filter((address) => {
    const reach = reachOf(address);
    if (protocol === 'http:' && !(allowHttp && isLoopback(address))) return false;
    return reach === 'public' || (reach === 'private' && allowPrivate);
  });
  if (allowed.length === 0) {
    const which = found.slice(0, ADDRESSES_MAX).join(', ');
    throw new FetchError('address', `not allowed: ${which || 'no address'}`);
  }
  return allowed.slice(0, ADDRESSES_MAX);
}

async function resolved(
  host: string,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const givenUp = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(new FetchError('timeout', 'no answer to the DNS query'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([resolve(host), givenUp]);
  } catch (error) {
    if (error instanceof FetchError) throw error;
    throw new FetchError('dns', whyOf(error));
  }
}

/** One after another; none but the last may take all the time. */
async function connectToOne(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  let last: unknown;
  for (const [index, host] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    const socket = connect({ host, port, autoSelectFamily: false, noDelay: true });
    try {
      await opened(socket, 'connect', signal, isLast ? undefined : CONNECT_MS);
      // What was asked for is what answers; that the system keeps to it is looked at all the same.
      if (!isSame(socket.remoteAddress ?? '', host)) {
        throw new FetchError('address', 'connected to another address');
      }
      return socket;
    } catch (error) {
      socket.destroy();
      if (error instanceof FetchError) throw error;
      last = error;
    }
    if (signal.aborted) break;
  }
  if (signal.aborted) throw new FetchError('timeout', 'no connection');
  throw new FetchError('connect', whyOf(last));
}

function isSame(one: string, other: string): boolean {
  const bytes = parseIp(one);
  const others = parseIp(other);
  return bytes !== undefined && others !== undefined && Buffer.compare(bytes, others) === 0;
}

async function secured(
  socket: Socket,
  hostname: string,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<Socket> {
  const literal = addressOf(hostname);
  const tls = connectTls({
    socket,
    secureContext,
    host: literal ?? hostname,
    // A name only (RFC 6066 section 3); the certificate is compared with the host in any case.
    ...(literal === undefined && { servername: hostname }),
    ALPNProtocols: ['http/1.1'],
    // Said, as a variable of the environment may turn it off.
    rejectUnauthorized: true,
  });
  try {
    await opened(tls, 'secureConnect', signal);
    return tls;
  } catch (error) {
    tls.destroy();
    socket.destroy();
    if (signal.aborted) throw new FetchError('timeout', 'no end of the TLS handshake');
    throw new FetchError('tls', whyOf(error));
  }
}

/** The socket is destroyed with the signal, now and later. */
function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  msMax?: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => void socket.destroy(new Error('given up'));
    const timer = msMax === undefined ? undefined : setTimeout(late, msMax);
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    // Stays: an error that comes later must not be one that nobody listens to.
    socket.on('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', late);
      reject(new Error('closed'));
    });
    socket.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Read each time: the file is replaced when its authority is. */
function secureContextOf({ caFile }: JwksSource): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(caFile !== undefined && { ca: readAuthorities(caFile) }),
    });
  } catch (error) {
    throw new FetchError('ca_file', whyOf(error));
  }
}

function readAuthorities(caFile: string): string {
  if (statSync(caFile).size > KEY_FILE_BYTES_MAX) throw new Error('the file is too large');
  const found = readFileSync(caFile, 'utf8').match(CERTIFICATE) ?? [];
  // OpenSSL passes over what it cannot read, and without any the system's would stand in for them.
  for (const certificate of found) new X509Certificate(certificate);
  if (found.length === 0) throw new Error('no certificate in the file');
  return found.join('\n');
}
