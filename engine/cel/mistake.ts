// How the parser leaves from the depth of its recursion: thrown and caught within it, never seen
// outside.

import type { ConditionError } from './condition_error.ts';

export class SyntaxMistake {
  readonly error: ConditionError;
  constructor(error: ConditionError) {
    this.error = error;
  }
}

export function mistake(offset: number, message: string, expected?: string): SyntaxMistake {
  return new SyntaxMistake({ offset, message, ...(expected === undefined ? {} : { expected }) });
}
