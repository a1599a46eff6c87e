// Connections that ask nothing. Anybody can open as many as we take, so one that does not ask soon
// is closed, and when all places are taken the silent make room for who comes. And those that read
// nothing: a session that ends waits for its socket to be read to the end, which may be never.

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** The time limit is looked at so many times while it runs. */
const LOOKS = 10;

interface Guarded {
  readonly session: ServerHttp2Session;
  /** Its session was seen to have ended. */
  isEnding: boolean;
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
    const guarded: Guarded = {
      session,
      isEnding: false,
      hasAsked: false,
      bytesRead: 0,
      activeMs,
    };
    this.#guarded.set(socket, guarded);
    session.once('stream', () => {
      guarded.hasAsked = true;
      guarded.activeMs = performance.now();
    });
    socket.once('close', () => this.#forget(socket));
    this.#timer ??= setInterval(() => this.#look(), Math.ceil(this.#silentMs / LOOKS)).unref();
  }

  /** Cuts one that ends or asked nothing, else the one that was silent for longest; or none. */
  makeRoom(): boolean {
    let silent: [Socket, ServerHttp2Session] | undefined;
    let silentSinceMs = performance.now() - this.#silentMs;
    for (const [socket, { session, hasAsked, activeMs }] of this.#guarded) {
      if (!hasAsked || session.destroyed) {
        this.#cut(socket, session);
        return true;
      }
      if (activeMs > silentSinceMs) continue;
      silent = [socket, session];
      silentSinceMs = activeMs;
    }
    if (silent === undefined) return false;
    this.#cut(...silent);
    return true;
  }

  #look(): void {
    const nowMs = performance.now();
    for (const [socket, guarded] of this.#guarded) {
      const { session } = guarded;
      if (session.destroyed) {
        // It had from one look to the next for its last words.
        if (guarded.isEnding) this.#cut(socket, session);
        guarded.isEnding = true;
        continue;
      }
      if (!guarded.hasAsked) {
        if (guarded.activeMs <= nowMs - this.#silentMs) session.destroy();
        continue;
      }
      const { bytesRead } = socket;
      if (bytesRead !== guarded.bytesRead) guarded.activeMs = nowMs;
      guarded.bytesRead = bytesRead;
    }
  }

  #cut(socket: Socket, session: ServerHttp2Session): void {
    session.destroy();
    socket.destroy();
    this.#forget(socket);
  }

  #forget(socket: Socket): void {
    this.#guarded.delete(socket);
    if (this.#guarded.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
