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
export function answerChecks(path: string, answer: AnswerCheck): ServerInterceptor {
  return (method, call) => {
    if (method.path !== path) return call as ServerInterceptingCall;
    // The types ask for the class where grpc-js calls nothing but the interface.
    return new CheckCall(call, answer) as unknown as ServerInterceptingCall;
  };
}

/**
 * What grpc-js starts in place of the call; it is its listener too. Nothing but `start` is ever
 * called on it, because the listener that would do so is never told anything.
 */
class CheckCall implements ServerListener {
  readonly #call: ServerInterceptingCallInterface;
  readonly #answer: AnswerCheck;
  #message: Buffer | undefined = undefined;

  constructor(call: ServerInterceptingCallInterface, answer: AnswerCheck) {
    this.#call = call;
    this.#answer = answer;
  }

  start(): void {
    this.#call.start(this);
  }

  onReceiveMetadata(): void {
    this.#call.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    if (this.#message !== undefined) {
      this.#call.sendStatus(REPEATED);
      return;
    }
    this.#message = message;
    this.#call.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.#message === undefined) {
      this.#call.sendStatus(MISSING);
      return;
    }
    const answer = this.#answer(this.#message, this.#call);
    if (answer instanceof Promise) void answer.then((response) => this.#reply(response));
    else this.#reply(answer);
  }

  onCancel(): void {
    // An answer that nobody waits for any more is dropped by grpc-js.
  }

  #reply(response: Buffer): void {
    this.#call.sendMessage(response, nothing);
    this.#call.sendStatus(OK);
  }
}
