// The lint: what a valid bundle says and should not (docs/lint.md). It decides nothing; a
// deployment that wants to be stopped by it runs `remit validate --strict`.

import type { Bundle } from '../bundle/bundle.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { DIAGNOSTICS_MAX } from '../limits.ts';
import type { Settings } from '../settings.ts';
import { makeLintContext } from './lint_context.ts';
import { LINT_RULES } from './lint_rules.ts';

/**
 * All findings, by file and place; of each code the first ones. The bundle has been compiled
 * without a mistake.
 */
export function lintBundle(bundle: Bundle, settings: Settings, now: number): Diagnostic[] {
  const context = makeLintContext(bundle, settings, now);
  const findings: Diagnostic[] = [];
  for (const { code, severity, check } of LINT_RULES) {
    const found: Diagnostic[] = [];
    let omitted = 0;
    check(context, (at, message, expected) => {
      if (found.length === DIAGNOSTICS_MAX) {
        omitted++;
        return;
      }
      const { file, line, column } = at;
      const suggestion = undefined;
      found.push({ severity, code, file, line, column, message, expected, suggestion });
    });
    const last = found.at(-1);
    if (last !== undefined && omitted > 0) {
      found.push({ ...last, message: `and ${omitted} more of this code`, expected: undefined });
    }
    findings.push(...found);
  }
  return findings.sort(byPlace);
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
