// Certificates and a server for tests of the check port with TLS: authorities by trust domain,
// SVIDs with one thing wrong on purpose, clients that show them, and sockets that misbehave.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { Address } from '../../server/address.ts';
import {
  HOUR_MS,
  keysOf,
  keyUsage,
  makeAuthority,
  makeCertificate,
  makeSvid,
  pemOf,
  type Template,
} from './certificates.ts';
import { CheckClient } from './check_client.ts';
import type { Folder } from './folder.ts';
import { BUNDLE, IDS } from './mesh.ts';
import { startServer, type TestServer } from './server.ts';

export const PEERS = {
  gateway: 'spiffe://mesh.example/ns/edge/sa/gateway',
  /** Of a pattern. */
  waypoint: 'spiffe://mesh.example/ns/ways/sa/pay',
  sidecar: IDS.payments,
  /** Covered by the same pattern as the sidecar. */
  neighbour: 'spiffe://mesh.example/ns/pay/sa/ledger',
  unknown: 'spiffe://mesh.example/ns/x/sa/unknown',
  foreign: 'spiffe://other.example/ns/edge/sa/gateway',
} as const;

/** Three enforcers by certificate, and one that nobody over mTLS may be. */
export const ENFORCERS = `
kind: Enforcer
metadata: {name: gateway}
spec: {type: gateway, identities: ["${PEERS.gateway}"],
  asserts: {peer: [principal], destinations: ["*"]}}
---
kind: Enforcer
metadata: {name: ways}
spec: {type: waypoint, identities: ["spiffe://mesh.example/ns/ways/sa/*"],
  asserts: {peer: [principal], destinations: ["spiffe://mesh.example/ns/pay/sa/*"]}}
---
kind: Enforcer
metadata: {name: sidecars}
spec: {type: sidecar, identities: ["spiffe://mesh.example/ns/pay/sa/*"],
  asserts: {peer: [principal]}}
---
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true, asserts: {peer: [principal], destinations: ["*"]}}
`;

/** A certificate with what signs it, and its key; PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

const valid = () => ({ notBefore: Date.now() - HOUR_MS, notAfter: Date.now() + HOUR_MS });

export function authorityPem(name: string): string {
  return pemOf(makeAuthority(name, valid()));
}

export function keyPem(name: string): string {
  return keysOf(name).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @param issuer the authority's name, which is its trust domain here */
export function peerOf(
  id: string,
  issuer = 'mesh.example',
  changes: Partial<Template> = {},
): Identity {
  return { cert: pemOf(makeSvid(id, issuer, { ...valid(), ...changes })), key: keyPem('leaf') };
}

/** Signed by an intermediate that stands in no bundle; sent along or not. */
export function peerBehindIntermediate(id: string, sent: boolean): Identity {
  const { cert, key } = peerOf(id, 'intermediate');
  const changes = { ...valid(), issuer: 'mesh.example', keys: keysOf('intermediate') };
  const intermediate = makeAuthority('intermediate', changes);
  return { cert: cert + (sent ? pemOf(intermediate) : ''), key };
}

export function selfSigned(id: string): Identity {
  return peerOf(id, 'mesh.example', { issuer: 'leaf', signedBy: keysOf('leaf') });
}

/** An authority that poses as a workload. */
export function authorityAsLeaf(): Identity {
  const cert = pemOf(makeAuthority('mesh.example', valid()));
  return { cert, key: keyPem('mesh.example') };
}

/** Names its server by a serial number, so that a client sees which one it got. */
export function servingPair(serial: number): Identity {
  const cert = makeCertificate({
    subject: `server ${serial}`,
    issuer: 'serving authority',
    keys: keysOf(`server ${serial % 2}`),
    signedBy: keysOf('serving authority'),
    serial: (0x1000 + serial).toString(16),
    extensions: [keyUsage()],
    ...valid(),
  });
  return { cert: pemOf(cert), key: keyPem(`server ${serial % 2}`) };
}

export interface TlsServer extends TestServer {
  readonly port: number;
}

/** Writes the files, and starts a server on one TCP port with them. */
export async function startTlsServer(
  folder: Folder,
  options: {
    readonly clientBundle?: string;
    readonly config?: string;
    readonly listen?: string;
    readonly enforcers?: string;
    readonly acceptors?: number;
  } = {},
): Promise<TlsServer> {
  const {
    clientBundle = '{mesh.example: ca.pem}',
    config = '',
    listen,
    enforcers,
    acceptors = 1,
  } = options;
  const serving = servingPair(0);
  folder.write('tls.pem', serving.cert);
  folder.write('tls.key', serving.key);
  folder.write('ca.pem', authorityPem('mesh.example'));
  folder.write('other.pem', authorityPem('other.example'));
  const bundle = clientBundle === '' ? '' : `, clientBundle: ${clientBundle}`;
  const server = await startServer(folder, {
    bundle: { ...BUNDLE, 'enforcer.yaml': enforcers ?? ENFORCERS },
    config: `threads: {pool: 0, acceptors: ${acceptors}}
records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}
tls: {check: {cert: tls.pem, key: tls.key${bundle}}}
${config}`,
    ...(listen !== undefined && { listen }),
  });
  const { address } = server;
  return { ...server, port: address.kind === 'tcp' ? address.port : 0 };
}

export function tlsCredentials(identity: Identity | undefined): ChannelCredentials {
  const root = Buffer.from(authorityPem('serving authority'));
  const key = identity === undefined ? null : Buffer.from(identity.key);
  const cert = identity === undefined ? null : Buffer.from(identity.cert);
  return credentials.createSsl(root, key, cert, { checkServerIdentity: () => undefined });
}

export function tlsClient(address: Address, identity: Identity | undefined): CheckClient {
  return new CheckClient(address, {}, tlsCredentials(identity));
}

/** A bare TLS connection: resolves when the handshake is done as the client sees it. */
export function handshake(
  port: number,
  identity: Identity | undefined,
  options: object = {},
): Promise<TLSSocket> {
  const all = { port, host: '127.0.0.1', ...identity, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ALPNProtocols: ['h2'], ...all, ...options }, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** A connection without TLS that says this and then nothing. */
export function speak(port: number, bytes: string | Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      if (bytes.length > 0) socket.write(bytes);
      socket.resume();
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

/** Resolves when the other side has ended it, however. */
export function ended(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
