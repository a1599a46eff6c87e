// What a rule of the lint is: a code that never changes its meaning, why it is there, how to mend
// what it finds, and the check itself.

import type { Diagnostic, Position } from '../diagnostic.ts';
import type { LintContext } from './lint_context.ts';

/** Takes one finding. */
export type Tell = (at: Position, message: string, expected?: string) => void;

export interface LintRule {
  readonly code: `lint.${string}`;
  readonly severity: Diagnostic['severity'];
  /** One sentence, of the documents that it finds. */
  readonly finds: string;
  readonly why: string;
  readonly fix: string;
  readonly check: (context: LintContext, tell: Tell) => void;
}
