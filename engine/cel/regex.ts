// `matches`: regular expressions of RE2, in time linear in text and pattern, by re2js. Its patterns
// may repeat what they repeat, so the program's size is estimated before anything is compiled.

import { RE2JS } from 're2js';
import {
  REGEX_CACHE_MAX,
  REGEX_MEMORY_BYTES_MAX,
  REGEX_PROGRAM_MAX,
  REGEX_TEXT_MAX,
} from '../limits.ts';
import { CelFailure, COST_EXCEEDED } from './failure.ts';
import type { Meter } from './frame.ts';

/** Steps of the automaton for one unit of cost. */
const STEPS_PER_UNIT = 16;
/** A Unicode class has hundreds of ranges where others have a few. */
const CLASS_WEIGHT = 30;
const UNICODE_CLASS = /^\\[pP](?:\{[^}]*\}|[^{])/;
const UNICODE_CLASS_MAX = 64;

export class Regex {
  readonly #compiled: RE2JS;
  /** Instructions. */
  readonly size: number;

  constructor(compiled: RE2JS) {
    this.#compiled = compiled;
    this.size = compiled.programSize();
  }

  /** Whether some part of the text matches. */
  test(text: string, meter: Meter): boolean | CelFailure {
    const units = 1 + Math.ceil((text.length * this.size) / STEPS_PER_UNIT);
    if (!meter.charge(units)) return COST_EXCEEDED;
    return this.#compiled.test(text);
  }
}

export function compileRegex(pattern: string): Regex | CelFailure {
  if (pattern.length > REGEX_TEXT_MAX) {
    return invalid(`has ${pattern.length} characters, and at most ${REGEX_TEXT_MAX} are allowed`);
  }
  if (estimateProgram(pattern) > REGEX_PROGRAM_MAX) return invalid('is too large');
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    // Whatever a library finds wrong with a pattern, the pattern is what is wrong.
    return invalid(`is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (compiled.programSize() > REGEX_PROGRAM_MAX) return invalid('is too large');
  // The automaton is built while texts are read, so the texts decide how much it remembers.
  const automaton = compiled.re2().dfa;
  automaton.maxMem = REGEX_MEMORY_BYTES_MAX;
  automaton.stateBudget = REGEX_MEMORY_BYTES_MAX;
  automaton.memBudget = REGEX_MEMORY_BYTES_MAX;
  return new Regex(compiled);
}

function invalid(what: string): CelFailure {
  return new CelFailure('invalid_argument', `the regular expression ${what}`);
}

/** Patterns that are only known at run time. */
const cache = new Map<string, Regex | CelFailure>();

export function matchDynamic(text: string, pattern: string, meter: Meter): boolean | CelFailure {
  // Charged whether it is kept or not: what a condition costs depends on nothing but its input.
  const units = pattern.length > REGEX_TEXT_MAX ? 1 : 20 + estimateProgram(pattern);
  if (!meter.charge(units)) return COST_EXCEEDED;
  let regex = cache.get(pattern);
  if (regex === undefined) {
    regex = compileRegex(pattern);
    if (cache.size >= REGEX_CACHE_MAX) cache.clear();
    if (pattern.length <= REGEX_TEXT_MAX) cache.set(pattern, regex);
  }
  return regex instanceof CelFailure ? regex : regex.test(text, meter);
}

/** About how many instructions the pattern compiles to; never less than a third of them. */
function estimateProgram(pattern: string): number {
  /** Sizes of the groups that are open, and of the last atom of each. */
  const groups: { size: number; last: number }[] = [{ size: 0, last: 0 }];
  const add = (size: number) => {
    const group = groups.at(-1)!;
    group.size += size;
    group.last = size;
  };
  for (let at = 0; at < pattern.length; ) {
    const character = pattern[at]!;
    if (character === '\\') {
      const named = UNICODE_CLASS.exec(pattern.slice(at, at + UNICODE_CLASS_MAX));
      add(named === null ? 1 : CLASS_WEIGHT);
      at += named?.[0].length ?? 2;
    } else if (character === '[') {
      const end = classEnd(pattern, at);
      add(
        1 + end - at + CLASS_WEIGHT * pattern.slice(at, end).split(/\\[pP]/).length - CLASS_WEIGHT,
      );
      at = end;
    } else if (character === '(') {
      groups.push({ size: 2, last: 0 });
      at++;
    } else if (character === ')' && groups.length > 1) {
      add(groups.pop()!.size);
      at++;
    } else if (character === '{') {
      const repeat = /^\{(\d{1,4})(?:,(\d{0,4}))?\}/.exec(pattern.slice(at, at + 11));
      const times = Math.max(Number(repeat?.[1] ?? 1), Number(repeat?.[2] ?? 1), 1);
      const group = groups.at(-1)!;
      group.size += group.last * (times - 1);
      group.last *= times;
      at += repeat?.[0].length ?? 1;
    } else {
      add(1);
      at++;
    }
  }
  // Groups that nobody closes are the compiler's to refuse.
  return groups.reduce((sum, { size }) => sum + size, 0);
}

function classEnd(pattern: string, open: number): number {
  let at = open + 1;
  if (pattern[at] === '^') at++;
  // A bracket that comes first is a member.
  if (pattern[at] === ']') at++;
  while (at < pattern.length && pattern[at] !== ']') {
    if (pattern[at] === '\\') at++;
    else if (pattern.startsWith('[:', at)) at = Math.max(at, pattern.indexOf(':]', at) + 1);
    at++;
  }
  return Math.min(at + 1, pattern.length);
}
