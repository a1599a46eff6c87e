// A connection of an attacker: writes as fast as the server takes it, and reads or does not.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { frame, PREFACE, settings } from './frames.ts';

/** Answers the server's settings and nothing else. */
const SETTINGS_ACK = frame('settings', 1, 0);

export class AttackSocket {
  readonly #socket: Socket;
  /** What the server said, up to its first kilobytes. */
  #said = Buffer.alloc(0);

  private constructor(socket: Socket, reads: boolean) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    if (reads) socket.on('data', (chunk) => this.#read(chunk));
    else socket.pause();
  }

  /** Resolves also where the server refuses. */
  static async open(port: number, reads = true): Promise<AttackSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const opened = new AttackSocket(socket, reads);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
    return opened;
  }

  /** With the preface and settings of HTTP/2. */
  static async openHttp2(port: number, reads = true, first = settings()): Promise<AttackSocket> {
    const socket = await AttackSocket.open(port, reads);
    await socket.write(Buffer.concat([PREFACE, first, SETTINGS_ACK]));
    return socket;
  }

  get alive(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  get said(): Buffer {
    return this.#said;
  }

  /** Resolves when there is room for more, or the connection is gone. */
  async write(bytes: Buffer): Promise<void> {
    if (!this.alive || this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#said.length < 4_096) this.#said = Buffer.concat([this.#said, chunk]);
  }
}
