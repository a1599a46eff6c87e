// TLS before one listener of the check port, with node:tls: only connections whose peer is admitted
// go on to grpc-js. It bounds handshakes, verifies the peer's certificate by our own rules (DESIGN
// 5.8), names each connection so that a call finds who asks, and ends it when its proof ends.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Asker } from '../engine/identity/enforcer.ts';
import type { TrustBundles } from '../engine/identity/trust_bundles.ts';
import { verifyPeer } from '../engine/identity/x509_svid.ts';
import { PEER_CHAIN_MAX } from '../engine/limits.ts';
import { isCurrent, SvidFailure, type X509Svid } from '../engine/svid.ts';
import { contextOptions, type TlsMaterial, trustBundlesOf } from './tls_material.ts';
import { resultOf, type TlsResult } from './tls_result.ts';

const SWEEP_MS = 1_000;
/** Verifications in one turn of the event loop: some milliseconds. */
const VERIFICATIONS_MAX = 32;
/** Before a certificate ends its peer is told to come again; it has a newer one by then. */
const LEAD_MS = 5_000;
/** From the loss of all rights to the end of the connection: answers that are due still leave. */
const WITHDRAWN_MS = 1_000;
/** A ticket would stand in for a certificate that nobody shows again. */
const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;
const ASKERS_MAX = 1_024;
const NOBODY: Asker = { kind: 'remote' };

export interface TlsGatePorts {
  readonly now: () => number;
  /** Takes a connection that is admitted. */
  readonly accept: (socket: TLSSocket) => void;
  /** Tells the peer of this connection to go elsewhere with what it asks next (GOAWAY). */
  readonly sendAway: (name: string) => void;
  /** May it ask about anything at all, as things are? */
  readonly isEnforcer: (asker: Asker) => boolean;
  readonly note: (result: TlsResult, detail: string) => void;
}

export interface TlsGateLimits {
  readonly handshakeMs: number;
  /** Unfinished handshakes; beyond them the oldest gives way. */
  readonly handshakesMax: number;
  /** Of one identity; of all together that are no enforcers. */
  readonly shareMax: number;
}

interface Handshake {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  /** How it ends if it ends now. */
  result: TlsResult;
  detail: string;
}

interface Connection {
  readonly name: string;
  /** Who counts together with it. */
  readonly share: string;
  readonly socket: TLSSocket;
  readonly leaf: Uint8Array;
  readonly chain: readonly Uint8Array[];
  svid: X509Svid;
  /** It was verified against these. */
  bundles: TrustBundles;
  asker: Asker;
  sentAway: boolean;
}

export class TlsGate {
  readonly #ports: TlsGatePorts;
  readonly #limits: TlsGateLimits;
  readonly #server: Server;
  /** By address, the oldest first. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #connections = new Map<string, Connection>();
  readonly #askers = new Map<string, Asker>();
  /** How many of them there are of each share. */
  readonly #shares = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #bundles: TrustBundles | undefined;
  #serial = 0;

  constructor(material: TlsMaterial, limits: TlsGateLimits, ports: TlsGatePorts) {
    this.#ports = ports;
    this.#limits = limits;
    this.#bundles = trustBundlesOf(material);
    this.#server = createServer({
      ...contextOptions(material),
      secureOptions: SECURE_OPTIONS,
      ALPNProtocols: ['h2'],
      requestCert: this.#bundles !== undefined,
      // OpenSSL knows no SPIFFE: what it could verify would neither be enough nor needed.
      rejectUnauthorized: false,
    });
    this.#server.on('secureConnection', (socket) => this.#finish(socket));
    // It is counted when the socket beneath it closes, which follows.
    this.#server.on('tlsClientError', () => undefined);
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Peers prove who they are, and nobody is local. */
  get identifiesPeers(): boolean {
    return this.#bundles !== undefined;
  }

  accept(socket: Socket): void {
    const { handshakeMs, handshakesMax } = this.#limits;
    if (this.#handshakes.size >= handshakesMax) {
      // An honest handshake takes milliseconds, so whoever is oldest hardly is one.
      const [oldest] = this.#handshakes.values();
      if (oldest !== undefined) end(oldest, 'displaced');
    }
    const key = addressOf(socket);
    const timer = setTimeout(() => end(handshake, 'timeout'), handshakeMs);
    const handshake: Handshake = { socket, timer, result: 'failed', detail: '' };
    this.#handshakes.set(key, handshake);
    socket.once('close', () => {
      clearTimeout(timer);
      if (this.#handshakes.get(key) !== handshake) return;
      this.#handshakes.delete(key);
      this.#ports.note(handshake.result, handshake.detail);
    });
    this.#server.emit('connection', socket);
  }

  /** Who asks over the connection with this name; nobody when it is gone. */
  askerOf(name: string | undefined): Asker {
    const connection = this.#connections.get(name ?? '');
    if (connection === undefined) return NOBODY;
    // INVARIANT: nobody asks by the word of bundles that are no longer in force, also while the
    // sweep has not come to their connection.
    if (connection.bundles !== this.#bundles) this.#verifyAgain(connection, this.#ports.now());
    return connection.asker;
  }

  /** From now on. Connections that new bundles do not vouch for end soon. */
  update(material: TlsMaterial): void {
    const bundles = trustBundlesOf(material);
    this.#server.setSecureContext({ ...contextOptions(material), secureOptions: SECURE_OPTIONS });
    this.#bundles = bundles;
    this.#sweep();
  }

  /** No further handshakes; connections that are open stay. */
  close(): void {
    for (const { socket } of this.#handshakes.values()) socket.destroy();
    clearInterval(this.#timer);
  }

  #finish(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    socket.disableRenegotiation();
    const key = addressOf(socket);
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    const admitted = this.#admit(socket);
    if (Array.isArray(admitted)) {
      [handshake.result, handshake.detail] = admitted;
      socket.destroy();
      return;
    }
    this.#handshakes.delete(key);
    clearTimeout(handshake.timer);
    this.#ports.note('accepted', '');
    this.#ports.accept(socket);
  }

  #admit(socket: TLSSocket): [result: TlsResult, detail: string] | undefined {
    if (socket.alpnProtocol !== 'h2') return ['no_h2', ''];
    const bundles = this.#bundles;
    if (bundles === undefined) return undefined;
    const [leaf, ...chain] = certificatesOf(socket);
    if (leaf === undefined) return ['no_certificate', ''];
    const svid = verifyPeer(leaf, chain, bundles, this.#ports.now());
    if (svid instanceof SvidFailure) {
      return [resultOf(svid.reason), `${svid.detail} ${svid.claimedId}`];
    }
    const asker = this.#askerWith(svid.id.id);
    // One stolen certificate, or any number that may ask nothing, leave room for the others.
    const share = this.#ports.isEnforcer(asker) ? svid.id.id : 'nobody';
    if ((this.#shares.get(share) ?? 0) >= this.#limits.shareMax) return ['too_many', svid.id.id];
    const name = `connection ${++this.#serial}`;
    const sentAway = this.#endsSoon(svid);
    this.#keep({ name, share, socket, leaf, chain, svid, bundles, asker, sentAway });
    return undefined;
  }

  /** The same for the same identity: the pool puts what one asker asks into one batch. */
  #askerWith(id: string): Asker {
    const asker = this.#askers.get(id) ?? { kind: 'peer', id };
    if (this.#askers.size === ASKERS_MAX) this.#askers.clear();
    this.#askers.set(id, asker);
    return asker;
  }

  #keep(connection: Connection): void {
    const { name, share, socket } = connection;
    this.#connections.set(name, connection);
    this.#shares.set(share, (this.#shares.get(share) ?? 0) + 1);
    socket.once('close', () => {
      this.#connections.delete(name);
      const left = this.#shares.get(share)! - 1;
      if (left === 0) this.#shares.delete(share);
      else this.#shares.set(share, left);
    });
    // What grpc-js says of a call's connection. An address would be another peer's one day, also
    // while calls of the one before are still on their way; a name is never used again.
    Object.defineProperty(socket, 'remoteAddress', { value: name });
  }

  #endsSoon({ pathNotAfter }: X509Svid): boolean {
    return this.#ports.now() > pathNotAfter - LEAD_MS;
  }

  /** Verifies again what other bundles have vouched for, or what has come to its end. */
  #sweep(): void {
    const now = this.#ports.now();
    const bundles = this.#bundles;
    let verifications = 0;
    for (const connection of this.#connections.values()) {
      if (connection.asker === NOBODY || bundles === undefined) continue;
      if (connection.bundles !== bundles || !isCurrent(connection.svid, now)) {
        if (verifications++ === VERIFICATIONS_MAX) {
          setImmediate(() => this.#sweep());
          return;
        }
        this.#verifyAgain(connection, now);
      }
      if (!connection.sentAway && this.#endsSoon(connection.svid)) {
        connection.sentAway = true;
        this.#ports.sendAway(connection.name);
      }
    }
  }

  #verifyAgain(connection: Connection, now: number): void {
    const bundles = this.#bundles;
    if (connection.asker === NOBODY || bundles === undefined) return;
    const svid = verifyPeer(connection.leaf, connection.chain, bundles, now);
    if (svid instanceof SvidFailure) this.#withdraw(connection, svid);
    else Object.assign(connection, { svid, bundles });
  }

  /** At once it may ask nothing any more; a moment later it is gone. */
  #withdraw(connection: Connection, { reason }: SvidFailure): void {
    const { name, socket, svid } = connection;
    connection.asker = NOBODY;
    this.#ports.note('withdrawn', `${reason} ${svid.id.id}`);
    this.#ports.sendAway(name);
    const timer = setTimeout(() => socket.destroy(), WITHDRAWN_MS);
    socket.once('close', () => clearTimeout(timer));
  }
}

function end(handshake: Handshake, result: TlsResult): void {
  handshake.result = result;
  handshake.socket.destroy();
}

/** Among open connections of one listener nobody has the same. */
function addressOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** DER, the peer's own first. One more than are believed, so that too many are seen to be. */
function certificatesOf(socket: TLSSocket): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && certificates.length < PEER_CHAIN_MAX + 2) {
    certificates.push(next.raw);
    next = next.issuerCertificate;
  }
  return certificates;
}
