// The HTTP port: `/livez` says that the process runs, `/readyz` that it can decide, `/metrics` is
// for Prometheus. Nothing here answers a check or changes anything.

import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';
import { type Address, addressText } from './address.ts';

export class HttpServer {
  readonly #server: Server;
  readonly #address: Address;

  constructor(address: Address, registry: Registry, isReady: () => boolean) {
    this.#address = address;
    this.#server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0];
      const answer = (status: number, type: string, body: string): void => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
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
      } else answer(404, text, 'there are /livez, /readyz and /metrics\n');
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
