// Calls that wait for their client: the message is not all there, or the answer is not all read.
// Each may hold 16 MiB, and there may be millions; so they have a time, and a sum of bytes beyond
// which the oldest is reset. Whoever sends a Check at once and reads its answer never gets here.

import { constants, type ServerHttp2Stream } from 'node:http2';
import { type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';

/** What an open call takes before any byte of its message: some 10 KB of objects. */
const CALL_BYTES = 16 * 1024;
/** Of a piece of a message, besides the memory that it lies in: attackers send a byte at a time. */
const CHUNK_BYTES = 256;
/**
 * An honest burst is read in one turn and answered in the next few; only what is held for longer is
 * refused for the sum, unless it is twice the bound.
 */
const GRACE_MS = 100;
/** The time limit is looked at so many times while it runs. */
const LOOKS = 10;

const LATE = { code: status.DEADLINE_EXCEEDED, details: 'unfinished for too long', metadata: null };
const TOO_MUCH = {
  code: status.RESOURCE_EXHAUSTED,
  details: 'too many unfinished calls',
  metadata: null,
};

/** `client`: we wait for it. `us`: nobody but us can go on. `nobody`: it is over. */
export type WaitsFor = 'client' | 'us' | 'nobody';

export interface WatchedCall {
  readonly call: ServerInterceptingCallInterface;
  readonly waitsFor: WaitsFor;
  /** Streams may stay open as long as there is room for them. */
  readonly mayStay: boolean;
}

export interface UnfinishedLimits {
  readonly unfinishedMs: number;
  readonly unfinishedBytes: number;
}

interface Held {
  bytes: number;
  sinceMs: number;
  stream: ServerHttp2Stream | undefined;
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

  /** The client has all the time again: what it waited for has come just now. */
  answered(call: WatchedCall): void {
    const held = this.#held.get(call);
    if (held === undefined) return;
    this.#held.delete(call);
    held.sinceMs = performance.now();
    this.#held.set(call, held);
    this.#charge(call, held, CALL_BYTES);
  }

  /** Each call, when it is over. */
  end(call: WatchedCall): void {
    const held = this.#held.get(call);
    if (held === undefined) return;
    this.#held.delete(call);
    this.#bytes -= held.bytes;
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #lookAtTurn(): void {
    const calls = this.#older;
    for (let index = 0; index < this.#olderCount; index++) {
      const call = calls[index]!;
      calls[index] = undefined;
      if (call.waitsFor !== 'nobody') this.#hold(call);
    }
    this.#older = this.#young;
    this.#olderCount = this.#youngCount;
    this.#young = calls;
    this.#youngCount = 0;
    this.#isTurnWatched = this.#olderCount > 0;
    if (this.#isTurnWatched) setImmediate(this.#endTurn);
  }

  #hold(call: WatchedCall): void {
    const stream = streamOf(call.call);
    // Cancelled before it was started: nobody will say that it is over.
    if (stream?.destroyed === true) return;
    const held: Held = { bytes: 0, sinceMs: performance.now(), stream };
    this.#held.set(call, held);
    this.#timer ??= setInterval(
      () => this.#resetLate(),
      Math.ceil(this.#limits.unfinishedMs / LOOKS),
    ).unref();
    // The pool bounds what waits for it.
    if (call.waitsFor === 'us') return;
    this.#charge(call, held, CALL_BYTES);
    if (stream?.readableEnded === true) return;
    let memory: ArrayBufferLike | undefined;
    const add = ({ buffer }: Buffer): void => {
      // A piece keeps all the memory that it was read into, which the next may lie in too.
      const more = buffer === memory ? 0 : buffer.byteLength;
      memory = buffer;
      this.#charge(call, held, CHUNK_BYTES + more);
    };
    for (const piece of piecesOf(call.call)) add(piece);
    stream?.on('data', add);
  }

  #charge(call: WatchedCall, held: Held, bytes: number): void {
    // What comes for a call that is over is dropped by grpc-js.
    if (this.#held.get(call) !== held) return;
    held.bytes += bytes;
    this.#bytes += bytes;
    const { unfinishedBytes } = this.#limits;
    if (this.#bytes <= unfinishedBytes) return;
    const graceMs = this.#bytes <= 2 * unfinishedBytes ? GRACE_MS : 0;
    const beforeMs = performance.now() - graceMs;
    for (const [oldest, { sinceMs }] of this.#held) {
      if (sinceMs > beforeMs) return;
      if (oldest.waitsFor === 'client') this.#reset(oldest, TOO_MUCH);
      if (this.#bytes <= unfinishedBytes) return;
    }
  }

  #resetLate(): void {
    const startedMs = performance.now() - this.#limits.unfinishedMs;
    for (const [call, { sinceMs }] of this.#held) {
      if (sinceMs > startedMs) return;
      if (call.waitsFor === 'client' && !call.mayStay) this.#reset(call, LATE);
    }
  }

  #reset(watched: WatchedCall, why: typeof LATE): void {
    const stream = this.#held.get(watched)?.stream;
    this.end(watched);
    watched.call.sendStatus(why);
    // Else it would stay open for the rest of the message, and keep what has come of it.
    // Any other code makes an Error with a stack of each.
    stream?.close(constants.NGHTTP2_CANCEL);
  }
}

/** Fields of a call that the types of grpc-js do not name (1.14.7). */
interface InnerCall {
  readonly nextCall?: InnerCall;
  readonly stream?: ServerHttp2Stream;
  readonly decoder?: { readonly readPartialMessage?: readonly Buffer[] };
}

function innermost(call: ServerInterceptingCallInterface): InnerCall {
  let inner = call as InnerCall;
  while (inner.nextCall !== undefined) inner = inner.nextCall;
  return inner;
}

/** The HTTP/2 stream below a call. */
export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream | undefined {
  return innermost(call).stream;
}

/** What has come of a message that is not whole. */
export function piecesOf(call: ServerInterceptingCallInterface): readonly Buffer[] {
  return innermost(call).decoder?.readPartialMessage ?? [];
}
