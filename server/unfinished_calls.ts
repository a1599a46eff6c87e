// Calls that wait for their client: the message is not all there, or the answer is not all read.
// Each may hold 16 MiB, and there may be millions; so they have a time, and a sum of bytes beyond
// which the oldest is reset. Whoever sends a Check at once and reads its answer never gets here.

import { constants, type ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { GrpcStatus } from './grpc_status.ts';

/** What an open call takes besides its message: some 10 KB of objects. */
const CALL_BYTES = 16 * 1024;
/**
 * An honest burst is read in one turn and answered in the next few; only what is held for longer is
 * refused for the sum, unless it is twice the bound.
 */
const GRACE_MS = 100;
/** The time limit is looked at so many times while it runs. */
const LOOKS = 10;

const LATE: GrpcStatus = { code: status.DEADLINE_EXCEEDED, details: 'unfinished for too long' };
const TOO_MUCH: GrpcStatus = {
  code: status.RESOURCE_EXHAUSTED,
  details: 'too many unfinished calls',
};

/** `client`: we wait for it. `us`: nobody but us can go on. */
export type WaitsFor = 'client' | 'us';

export interface WatchedCall {
  readonly stream: ServerHttp2Stream;
  readonly waitsFor: WaitsFor;
  /** Streams may stay open as long as there is room for them. */
  readonly mayStay: boolean;
  /** Memory that its message takes so far. */
  readonly heldBytes: number;
  /** Tells the client, if it has no answer yet, and lets the message go. */
  refuse(why: GrpcStatus): void;
  /** Wall clock at which it is told to `expire`, if it still waits for its client. */
  readonly expiresAtMs: number | undefined;
  expire(): void;
}

export interface UnfinishedLimits {
  readonly unfinishedMs: number;
  readonly unfinishedBytes: number;
}

interface Held {
  /** What it is charged for. */
  bytes: number;
  sinceMs: number;
  isReset: boolean;
}

export class UnfinishedCalls {
  readonly #limits: UnfinishedLimits;
  // Reused, because all calls go through them: those of this turn of the event loop, and of the one
  // before, as an answer takes a second turn to leave.
  #young: (WatchedCall | undefined)[] = [];
  #youngCount = 0;
  #older: (WatchedCall | undefined)[] = [];
  #olderCount = 0;
  #isTurnWatched = false;
  /** The oldest first. */
  readonly #held = new Map<WatchedCall, Held>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Runs while the sum is too large and the oldest is spared for now. */
  #again: NodeJS.Timeout | undefined;
  readonly #endTurn = (): void => this.#lookAtTurn();

  constructor(limits: UnfinishedLimits) {
    this.#limits = limits;
  }

  /** How many there are, and the bytes that they are charged for. */
  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Each call once, when it begins. */
  begin(call: WatchedCall): void {
    this.#young[this.#youngCount++] = call;
    if (this.#isTurnWatched) return;
    this.#isTurnWatched = true;
    setImmediate(this.#endTurn);
  }

  /** Its message takes more memory now. */
  grew(call: WatchedCall): void {
    const held = this.#held.get(call);
    if (held !== undefined) this.#charge(call, held);
  }

  /** The client has all the time again: what it waited for has come just now. */
  answered(call: WatchedCall): void {
    const held = this.#held.get(call);
    if (held === undefined) return;
    this.#renew(call, held);
    this.#charge(call, held);
  }

  #lookAtTurn(): void {
    const calls = this.#older;
    for (let index = 0; index < this.#olderCount; index++) {
      const call = calls[index]!;
      calls[index] = undefined;
      if (!call.stream.destroyed) this.#hold(call);
    }
    this.#older = this.#young;
    this.#olderCount = this.#youngCount;
    this.#young = calls;
    this.#youngCount = 0;
    this.#isTurnWatched = this.#olderCount > 0;
    if (this.#isTurnWatched) setImmediate(this.#endTurn);
  }

  #hold(call: WatchedCall): void {
    const held: Held = { bytes: 0, sinceMs: performance.now(), isReset: false };
    this.#held.set(call, held);
    const expiry = this.#watchExpiry(call);
    call.stream.once('close', () => {
      clearTimeout(expiry);
      this.#end(call);
    });
    this.#timer ??= setInterval(
      () => this.#resetLate(),
      Math.ceil(this.#limits.unfinishedMs / LOOKS),
    ).unref();
    this.#charge(call, held);
  }

  /** Those whose caller has more patience than we have are reset by us. */
  #watchExpiry(call: WatchedCall): NodeJS.Timeout | undefined {
    if (call.waitsFor !== 'client' || call.expiresAtMs === undefined) return undefined;
    const leftMs = Math.max(0, call.expiresAtMs - Date.now());
    if (leftMs > this.#limits.unfinishedMs) return undefined;
    return setTimeout(() => call.expire(), leftMs);
  }

  #end(call: WatchedCall): void {
    const held = this.#held.get(call);
    if (held === undefined) return;
    this.#held.delete(call);
    this.#bytes -= held.bytes;
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    this.#timer = undefined;
    this.#again = undefined;
  }

  #renew(call: WatchedCall, held: Held): void {
    this.#held.delete(call);
    held.sinceMs = performance.now();
    this.#held.set(call, held);
  }

  #charge(call: WatchedCall, held: Held): void {
    if (held.isReset) return;
    // The pool bounds what waits for it.
    const bytes = call.waitsFor === 'us' ? 0 : CALL_BYTES + call.heldBytes;
    this.#bytes += bytes - held.bytes;
    held.bytes = bytes;
    if (this.#bytes > this.#limits.unfinishedBytes) this.#makeRoom();
  }

  #makeRoom(): void {
    const { unfinishedBytes } = this.#limits;
    const graceMs = this.#bytes <= 2 * unfinishedBytes ? GRACE_MS : 0;
    const nowMs = performance.now();
    for (const [oldest, it] of this.#held) {
      if (this.#bytes <= unfinishedBytes) return;
      const leftMs = it.sinceMs + graceMs - nowMs;
      if (leftMs > 0) {
        this.#lookAgain(leftMs);
        return;
      }
      if (oldest.waitsFor === 'client' && !it.isReset) this.#reset(oldest, it, TOO_MUCH);
    }
  }

  /** Whoever has sent all that he wants to send by then would else hold it for ever. */
  #lookAgain(afterMs: number): void {
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#makeRoom();
    }, afterMs).unref();
  }

  #resetLate(): void {
    const startedMs = performance.now() - this.#limits.unfinishedMs;
    for (const [call, held] of this.#held) {
      if (held.sinceMs > startedMs) return;
      // Whoever does not even take a reset reads nothing: all its calls would stay for ever.
      if (held.isReset) call.stream.session?.destroy();
      else if (call.waitsFor === 'client' && !call.mayStay) this.#reset(call, held, LATE);
    }
  }

  /** It is held until the reset has left, but no longer charged: its message is let go. */
  #reset(call: WatchedCall, held: Held, why: GrpcStatus): void {
    this.#bytes -= held.bytes;
    held.bytes = 0;
    held.isReset = true;
    this.#renew(call, held);
    call.refuse(why);
    // Else it would stay open for the rest of the message, and keep what has come of it.
    // Any other code makes an Error with a stack of each.
    call.stream.close(constants.NGHTTP2_CANCEL);
  }
}
