// The way of one Check through grpc-js: an interceptor that takes the call over where it starts,
// with the fewest steps that its interface allows. grpc-js's own unary handler makes an emitter for
// each call and writes message and status in two turns of the event loop (docs/performance.md).

import {
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerListener,
  status,
} from '@grpc/grpc-js';
import type { UnfinishedCalls, WaitsFor, WatchedCall } from './unfinished_calls.ts';

/** Answers an encoded request; `call` tells of its deadline. Neither throws nor rejects. */
export type AnswerCheck = (
  bytes: Buffer,
  call: ServerInterceptingCallInterface,
) => Buffer | Promise<Buffer>;

const OK = { code: status.OK, details: 'OK', metadata: null };
const MISSING = { code: status.UNIMPLEMENTED, details: 'no request message', metadata: null };
const REPEATED = { code: status.UNIMPLEMENTED, details: 'a second message', metadata: null };

const nothing = (): void => undefined;

/** For the calls of one method; all others pass. */
export function answerChecks(
  path: string,
  answer: AnswerCheck,
  unfinished: UnfinishedCalls,
): ServerInterceptor {
  return (method, call) => {
    if (method.path !== path) return call as ServerInterceptingCall;
    // The types ask for the class where grpc-js calls nothing but the interface.
    return new CheckCall(call, answer, unfinished) as unknown as ServerInterceptingCall;
  };
}

/**
 * What grpc-js starts in place of the call; it is its listener too. Nothing but `start` is ever
 * called on it, because the listener that would do so is never told anything.
 */
class CheckCall implements ServerListener, WatchedCall {
  readonly call: ServerInterceptingCallInterface;
  readonly mayStay = false;
  waitsFor: WaitsFor = 'client';
  readonly #answer: AnswerCheck;
  readonly #unfinished: UnfinishedCalls;
  #message: Buffer | undefined = undefined;

  constructor(
    call: ServerInterceptingCallInterface,
    answer: AnswerCheck,
    unfinished: UnfinishedCalls,
  ) {
    this.call = call;
    this.#answer = answer;
    this.#unfinished = unfinished;
  }

  start(): void {
    this.#unfinished.begin(this);
    this.call.start(this);
  }

  onReceiveMetadata(): void {
    this.call.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    if (this.#message !== undefined) {
      this.call.sendStatus(REPEATED);
      return;
    }
    this.#message = message;
    this.call.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.#message === undefined) {
      this.call.sendStatus(MISSING);
      return;
    }
    this.waitsFor = 'us';
    const answer = this.#answer(this.#message, this.call);
    if (answer instanceof Promise) void answer.then((response) => this.#reply(response));
    else this.#reply(answer);
  }

  onCancel(): void {
    // Told of every call, when all of its answer has left or nobody waits for it any more; an
    // answer that comes later is dropped by grpc-js.
    this.waitsFor = 'nobody';
    this.#unfinished.end(this);
  }

  #reply(response: Buffer): void {
    if (this.waitsFor === 'us') this.waitsFor = 'client';
    this.#unfinished.answered(this);
    this.call.sendMessage(response, nothing);
    this.call.sendStatus(OK);
  }
}
