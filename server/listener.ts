// A listening socket of one acceptor. It hands accepted connections to grpc-js, which then never
// sees the port: so several acceptors can listen on one, and connections can be counted and cut.

import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Address, addressText } from './address.ts';

/** Read and write for the owner only: who may open the socket is who may ask. */
const SOCKET_MODE = 0o600;

export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param makeRoom closes a connection that matters less than a new one; false: there is none */
  constructor(
    accept: (socket: Socket) => void,
    connectionsMax: number,
    makeRoom: () => boolean = () => false,
  ) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#sockets.size >= connectionsMax && !makeRoom()) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // A connection that breaks is no event for anybody else.
      socket.on('error', () => undefined);
      accept(socket);
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /**
   * Resolves with the bound address; rejects with one line that says what is in the way.
   * @param shared other threads listen on the same port, and the kernel spreads connections
   */
  async listen(address: Address, shared: boolean): Promise<Address> {
    if (address.kind === 'unix') return this.#listenUnix(address);
    const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
    await this.#bind({ host, port: address.port, reusePort: shared }, addressText(address));
    const bound = this.#server.address();
    return { ...address, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
  }

  /** No further connections; resolves when those that are open have ended. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  destroy(): void {
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listenUnix(address: Address & { readonly kind: 'unix' }): Promise<Address> {
    const { path } = address;
    await clearSocket(path);
    // The control thread has set the umask, which a worker cannot, so nobody else gets in between.
    await this.#bind({ path }, addressText(address));
    chmodSync(path, SOCKET_MODE);
    return address;
  }

  #bind(options: object, name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(new Error(`cannot listen on ${name}: ${reasonOf(error)}`));
      });
      this.#server.listen(options, resolve);
    });
  }
}

/** Removes a socket that a dead process left, which refuses; anything else that is there stays. */
async function clearSocket(path: string): Promise<void> {
  const folder = dirname(path);
  // The system would call it a lack of permission.
  if (!existsSync(folder)) throw new Error(`cannot listen on unix:${path}: no folder ${folder}`);
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) {
    throw new Error(`cannot listen on unix:${path}: something else is there, and it is no socket`);
  }
  const refusal = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (refusal === 'ECONNREFUSED') unlinkSync(path);
  else if (refusal !== 'ENOENT') {
    const why = refusal === undefined ? 'listens there' : `may listen there (${refusal})`;
    throw new Error(`cannot listen on unix:${path}: another process ${why}`);
  }
}

function reasonOf(error: Error): string {
  if (/EADDRINUSE/.test(error.message)) return 'the port is in use';
  if (/EACCES|EPERM/.test(error.message)) return 'permission denied';
  return error.message;
}
