// Connections that ask nothing. Anybody can open as many as we take, so one that does not ask soon
// is closed, and when all places are taken the silent make room for who comes.

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** The time limit is looked at so many times while it runs. */
const LOOKS = 10;

interface Guarded {
  readonly session: ServerHttp2Session;
  hasAsked: boolean;
  bytesRead: number;
  /** When something had come since the last look; of a newcomer, when it came. */
  activeMs: number;
}

export class ConnectionGuard {
  readonly #silentMs: number;
  /** The oldest first. */
  readonly #guarded = new Map<Socket, Guarded>();
  #timer: NodeJS.Timeout | undefined;

  /** @param silentMs for the first request; later, what makes a connection silent */
  constructor(silentMs: number) {
    this.#silentMs = silentMs;
  }

  /** @param session made of this socket just now */
  watch(socket: Socket, session: ServerHttp2Session): void {
    const activeMs = performance.now();
    const guarded: Guarded = { session, hasAsked: false, bytesRead: 0, activeMs };
    this.#guarded.set(socket, guarded);
    session.once('stream', () => {
      guarded.hasAsked = true;
      guarded.activeMs = performance.now();
    });
    socket.once('close', () => this.#forget(socket));
    this.#timer ??= setInterval(() => this.#look(), Math.ceil(this.#silentMs / LOOKS)).unref();
  }

  /** Closes one that asked nothing, else the one that has been silent for longest; or none. */
  makeRoom(): boolean {
    let silent: Socket | undefined;
    let silentSinceMs = performance.now() - this.#silentMs;
    for (const [socket, { hasAsked, activeMs }] of this.#guarded) {
      if (!hasAsked) {
        this.#close(socket);
        return true;
      }
      if (activeMs > silentSinceMs) continue;
      silent = socket;
      silentSinceMs = activeMs;
    }
    if (silent === undefined) return false;
    this.#close(silent);
    return true;
  }

  #look(): void {
    const nowMs = performance.now();
    for (const [socket, guarded] of this.#guarded) {
      if (!guarded.hasAsked) {
        if (guarded.activeMs <= nowMs - this.#silentMs) this.#close(socket);
        continue;
      }
      const { bytesRead } = socket;
      if (bytesRead !== guarded.bytesRead) guarded.activeMs = nowMs;
      guarded.bytesRead = bytesRead;
    }
  }

  #close(socket: Socket): void {
    this.#guarded.get(socket)?.session.destroy();
    this.#forget(socket);
  }

  #forget(socket: Socket): void {
    this.#guarded.delete(socket);
    if (this.#guarded.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
