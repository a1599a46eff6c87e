// Expected failures are values, not exceptions: no stack is captured for what a request may cause.
// `Fallible<T>` is either the value or a `Failure` with the reason that answers the request.

import type { Reason } from './reason.ts';

export class Failure {
  readonly reason: Reason;
  readonly detail: string;

  constructor(reason: Reason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

export type Fallible<T> = T | Failure;

export function isFailure(value: unknown): value is Failure {
  return value instanceof Failure;
}

/** For the end of a `switch` over a closed union. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
