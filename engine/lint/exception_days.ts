// How long an exception may last (C-073). The bound needs a clock, so it is checked where there is
// one: by a server that loads, by `remit validate`, and by the lint.

import { type Bundle, documentId } from '../bundle/bundle.ts';
import type { Position } from '../diagnostic.ts';
import { EXCEPTION_DAYS_MAX } from '../limits.ts';

const DAY_MS = 86_400_000;

export function tellLongExceptions(
  { exceptions }: Bundle,
  now: number,
  tell: (at: Position, message: string, expected: string) => void,
): void {
  for (const { document, at } of exceptions) {
    const { expiresAt } = document.spec;
    if (Date.parse(expiresAt) - now <= EXCEPTION_DAYS_MAX * DAY_MS) continue;
    tell(
      at(['spec', 'expiresAt']),
      `the exception \`${documentId(document)}\` lasts until ${expiresAt}`,
      `an end within ${EXCEPTION_DAYS_MAX} days`,
    );
  }
}
