// The HTTP port: `/livez` says that the process runs, `/readyz` that it can decide, `/metrics` is
// for Prometheus, `/identities` for whoever is on this host; where identities are handed on,
// upstreams find the keys here. Nothing answers a check or changes anything.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Registry } from 'prom-client';
import { type Address, addressText } from './address.ts';

export const JWKS_PATH = '/.well-known/remit/jwks.json';
/** An upstream that meets an unknown key looks again. */
const JWKS_CACHE = 'public, max-age=300';

/**
 * Who is known by which credentials is for operators. The port may be open to Prometheus, and a
 * sidecar's connections come from another address of the loopback network, 127.0.0.6.
 */
const OWN_HOST: ReadonlySet<string | undefined> = new Set([
  '127.0.0.1',
  '::1',
  '::ffff:127.0.0.1',
  // A unix socket.
  undefined,
]);

/** A name that somebody's page made to stand for this host is none of them. */
const OWN_NAME = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

export interface HttpPages {
  /** In parts, as it may be long. */
  readonly identities: () => Iterable<string>;
  /** Undefined where no identity is handed on. */
  readonly jwks: (() => string) | undefined;
}

export class HttpServer {
  readonly #server: Server;
  readonly #address: Address;

  constructor(address: Address, registry: Registry, isReady: () => boolean, pages: HttpPages) {
    const { identities, jwks } = pages;
    this.#address = address;
    this.#server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0];
      const answer = (status: number, type: string, body: string, cache = 'no-store'): void => {
        response.writeHead(status, { 'content-type': type, 'cache-control': cache }).end(body);
      };
      const text = 'text/plain; charset=utf-8';
      if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, text, 'GET only\n');
      else if (path === '/livez') answer(200, text, 'ok\n');
      else if (path === '/readyz') answer(isReady() ? 200 : 503, text, isReady() ? 'ok\n' : 'no\n');
      else if (path === '/metrics') {
        registry.metrics().then(
          (metrics) => answer(200, registry.contentType, metrics),
          (error: unknown) => answer(500, text, `${error}\n`),
        );
      } else if (path === JWKS_PATH && jwks !== undefined) {
        answer(200, 'application/jwk-set+json', jwks(), JWKS_CACHE);
      } else if (path === '/identities') {
        if (!isFromHere(request)) answer(403, text, 'from this host only\n');
        else if (request.method === 'HEAD') answer(200, 'application/json', '');
        else sendParts(response, identities());
      } else answer(404, text, 'there are /livez, /readyz, /metrics and /identities\n');
    });
  }

  listen(): Promise<Address> {
    const address = this.#address;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
        reject(new Error(`cannot listen on ${addressText(address)}: ${why}`));
      });
      const listening = (): void => {
        const bound = this.#server.address();
        const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
        resolve(address.kind === 'unix' ? address : { ...address, port });
      };
      if (address.kind === 'unix') this.#server.listen(address.path, listening);
      else this.#server.listen(address.port, address.host, listening);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

function isFromHere({ socket, headers }: IncomingMessage): boolean {
  return OWN_HOST.has(socket.remoteAddress) && OWN_NAME.test(headers.host ?? '');
}

/** No faster than it is read, and with other work between the parts. */
function sendParts(response: ServerResponse, parts: Iterable<string>): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  const text = Readable.from(parts);
  response.on('close', () => text.destroy());
  text.pipe(response);
}
