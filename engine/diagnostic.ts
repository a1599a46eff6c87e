// Diagnostics: an operator's mistakes in a bundle or a configuration, collected and told all at
// once, each with file, line, column, what was expected and a suggestion (DESIGN section 6).

import { DIAGNOSTICS_MAX } from './limits.ts';

/** May be looked for only when line or column is read. */
export interface Position {
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic extends Position {
  /** Of a finding of the lint, such as `lint.no_owner`. */
  readonly code?: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly expected: string | undefined;
  readonly suggestion: string | undefined;
}

export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, code, message, expected, suggestion } = diagnostic;
  const wanted = expected === undefined ? '' : `; expected ${expected}`;
  const hint = suggestion === undefined ? '' : `; did you mean \`${suggestion}\`?`;
  const named = code === undefined ? '' : ` [${code}]`;
  return `${file}:${line}:${column}: ${severity}: ${message}${wanted}${hint}${named}`;
}

/** Mistakes, the first of each severity; a bundle of nothing but mistakes fills no memory. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];
  /** How many there were besides. */
  omitted = 0;
  #errors = 0;
  #warnings = 0;

  error(at: Position, message: string, expected?: string, suggestion?: string): void {
    if (++this.#errors > DIAGNOSTICS_MAX) this.omitted++;
    else this.#add('error', at, message, expected, suggestion);
  }

  warning(at: Position, message: string, expected?: string, suggestion?: string): void {
    if (++this.#warnings > DIAGNOSTICS_MAX) this.omitted++;
    else this.#add('warning', at, message, expected, suggestion);
  }

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** No further error would be told. */
  get isFull(): boolean {
    return this.#errors >= DIAGNOSTICS_MAX;
  }

  #add(
    severity: Diagnostic['severity'],
    { file, line, column }: Position,
    message: string,
    expected?: string,
    suggestion?: string,
  ): void {
    this.list.push({ severity, file, line, column, message, expected, suggestion });
  }
}

/** The candidate nearest to what was written, if it is near enough to be a slip of the pen. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(written.length / 3)) + 1;
  for (const candidate of candidates) {
    // Text of a caller's length is never compared: the cost of the comparison is quadratic.
    if (Math.abs(candidate.length - written.length) >= bestDistance) continue;
    const distance = editDistance(written.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[b.length]!;
}
