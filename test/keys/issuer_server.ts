// A server of keys on loopback, with or without TLS, that answers as a test says.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { DEFAULT_STALE_MS, type JwksSource } from '../../server/keys/jwks_source.ts';
import {
  HOUR_MS,
  keysOf,
  keyUsage,
  makeAuthority,
  makeCertificate,
  names,
  pemOf,
} from '../support/certificates.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface IssuerServer {
  readonly url: string;
  readonly port: number;
  /** All that was asked, by its path. */
  readonly asked: string[];
  answer: Answer;
  close(): Promise<void>;
}

/** A set with keys of these ids; nothing here reads more of it. */
export function jwks(...ids: readonly string[]): string {
  return JSON.stringify({ keys: ids.map((kid) => ({ kty: 'EC', kid })) });
}

export function answerWith(
  text: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

/** Of one authority: for `localhost` and 127.0.0.1, or for other names. */
export function tlsOf(
  authority: string,
  hosts: readonly Parameters<typeof names>[0][] = [
    { dNSName: 'localhost' },
    { iPAddress: '127.0.0.1' },
  ],
  notAfter = Date.now() + HOUR_MS,
): { readonly cert: string; readonly key: string } {
  const der = makeCertificate({
    issuer: authority,
    keys: keysOf('server of keys'),
    signedBy: keysOf(authority),
    notBefore: Date.now() - 2 * HOUR_MS,
    notAfter,
    extensions: [keyUsage(), names(...hosts)],
  });
  const { privateKey } = keysOf('server of keys');
  return { cert: pemOf(der), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

export function authorityPem(name: string): string {
  const validity = { notBefore: Date.now() - 24 * HOUR_MS, notAfter: Date.now() + 24 * HOUR_MS };
  return pemOf(makeAuthority(name, validity));
}

export async function startIssuer(
  tls?: { readonly cert: string; readonly key: string },
  host = '127.0.0.1',
): Promise<IssuerServer> {
  const asked: string[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(request.url ?? '');
    response.on('error', () => undefined);
    issuer.answer(request, response);
  };
  const server: Server & { closeAllConnections(): void } = tls
    ? createTlsServer(tls, onRequest)
    : createServer(onRequest);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  const issuer: IssuerServer = {
    url: `${tls ? 'https' : 'http'}://${name}:${port}/keys`,
    port,
    asked,
    answer: answerWith(jwks('one')),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return issuer;
}

/** By default all is allowed that a test on loopback needs. */
export function sourceOf(url: string, changes: Partial<JwksSource> = {}): JwksSource {
  return {
    issuerId: 'pay/ci',
    url,
    caFile: undefined,
    allowPrivate: true,
    allowHttp: true,
    staleMs: DEFAULT_STALE_MS,
    required: true,
    ...changes,
  };
}
