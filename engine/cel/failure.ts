// What an evaluation that failed gives instead of a value. A failure is a value of its own, is
// never thrown and captures no stack: errors are ordinary in CEL and `||` and `&&` may absorb them.

export type CelFailureKind =
  | 'no_such_key'
  | 'overflow'
  | 'divide_by_zero'
  | 'type'
  | 'invalid_argument'
  | 'cost'
  | 'not_boolean'
  | 'no_overload'
  /** A field is there and cannot be read. */
  | 'unreadable';

export class CelFailure {
  readonly kind: CelFailureKind;
  readonly message: string;
  /** UTF-16 offset into the text of the condition; -1 until the place is known. */
  readonly offset: number;

  constructor(kind: CelFailureKind, message: string, offset = -1) {
    this.kind = kind;
    this.message = message;
    this.offset = offset;
  }

  /** The same failure with a place, unless it has one. */
  at(offset: number): CelFailure {
    return this.offset >= 0 ? this : new CelFailure(this.kind, this.message, offset);
  }
}

export const COST_EXCEEDED = new CelFailure('cost', 'the condition costs too much');
export const OVERFLOW = new CelFailure('overflow', 'the result is out of range');
