// Macros as loops: each element costs the nodes of the body, and the loop ends when the evaluation
// has become too costly.

import { CelFailure, COST_EXCEEDED } from './failure.ts';
import type { Frame, Result, Step } from './frame.ts';
import type { MacroName } from './syntax.ts';
import { type CelMapKey, CelOptional, type CelValue, isList, NONE } from './value.ts';

export interface Loop {
  readonly name: MacroName;
  readonly target: Step;
  readonly slot: number;
  /** Whether the next slot is that of a second variable. */
  readonly hasTwo: boolean;
  readonly test: Step | undefined;
  readonly body: Step | undefined;
  /** Of one turn. */
  readonly cost: number;
  readonly offset: number;
}

export function loopStep(loop: Loop): Step {
  const { name, offset } = loop;
  const none = new CelFailure('no_overload', `\`${name}\` has no meaning for these values`, offset);
  switch (name) {
    case 'all':
      return searchStep(loop, false, none);
    case 'exists':
      return searchStep(loop, true, none);
    case 'exists_one':
      return collectStep(loop, none, (matching) => matching.length === 1);
    case 'transformMap':
      // The keys are those of a map, or the indexes of a list.
      return collectStep(loop, none, (values, keys) => {
        return new Map(keys.map((key, i) => [key as CelMapKey, values[i]!]));
      });
    default:
      return collectStep(loop, none, (values) => values);
  }
}

interface Range {
  readonly firsts: readonly CelValue[];
  /** What the second variable stands for, if there is one. */
  readonly seconds: readonly CelValue[] | undefined;
}

/** What a macro goes through, charged where it has to be made. */
function rangeOf(
  value: CelValue,
  { hasTwo }: Loop,
  frame: Frame,
  none: CelFailure,
): Range | CelFailure {
  if (isList(value)) {
    if (!hasTwo) return { firsts: value, seconds: undefined };
    if (!frame.charge(value.length)) return COST_EXCEEDED;
    return { firsts: value.map((_, i) => BigInt(i)), seconds: value };
  }
  if (!(value instanceof Map)) return none;
  if (!frame.charge(value.size)) return COST_EXCEEDED;
  return { firsts: [...value.keys()], seconds: hasTwo ? [...value.values()] : undefined };
}

/** `all` and `exists`: one element decides, whatever fails beside it. */
function searchStep(loop: Loop, decisive: boolean, none: CelFailure): Step {
  const { target, slot, cost } = loop;
  const test = loop.test!;
  return (frame) => {
    const value = target(frame);
    if (value instanceof CelFailure) return value;
    const range = rangeOf(value, loop, frame, none);
    if (range instanceof CelFailure) return range;
    const { firsts, seconds } = range;
    let failure: CelFailure | undefined;
    for (let i = 0; i < firsts.length; i++) {
      if (!frame.charge(cost)) return COST_EXCEEDED;
      frame.locals[slot] = firsts[i]!;
      if (seconds !== undefined) frame.locals[slot + 1] = seconds[i]!;
      const result = test(frame);
      if (result === decisive) return decisive;
      if (result !== !decisive) failure ??= result instanceof CelFailure ? result : none;
    }
    return failure ?? !decisive;
  };
}

/** The others need every element, so the first failure ends them. */
function collectStep(
  loop: Loop,
  none: CelFailure,
  finish: (values: readonly CelValue[], firsts: readonly CelValue[]) => CelValue,
): Step {
  const { target, slot, body, cost } = loop;
  const test = loop.test ?? (() => true);
  return (frame) => {
    const value = target(frame);
    if (value instanceof CelFailure) return value;
    const range = rangeOf(value, loop, frame, none);
    if (range instanceof CelFailure) return range;
    const { firsts, seconds } = range;
    const values: CelValue[] = [];
    const kept: CelValue[] = [];
    for (let i = 0; i < firsts.length; i++) {
      if (!frame.charge(cost)) return COST_EXCEEDED;
      const first = firsts[i]!;
      frame.locals[slot] = first;
      if (seconds !== undefined) frame.locals[slot + 1] = seconds[i]!;
      const passed = test(frame);
      if (passed === false) continue;
      if (passed !== true) return passed instanceof CelFailure ? passed : none;
      const result = body === undefined ? first : body(frame);
      if (result instanceof CelFailure) return result;
      values.push(result);
      if (seconds !== undefined) kept.push(first);
    }
    return finish(values, kept);
  };
}

/** `cel.bind`. */
export function bindStep(value: Step, slot: number, body: Step): Step {
  return (frame) => {
    const bound = value(frame);
    if (bound instanceof CelFailure) return bound;
    frame.locals[slot] = bound;
    return body(frame);
  };
}

/** `optMap` and `optFlatMap`. */
export function optionalMapStep(
  value: Step,
  slot: number,
  body: Step,
  isFlat: boolean,
  offset: number,
): Step {
  const none = new CelFailure('no_overload', 'the value is not optional', offset);
  const wrap = (result: Result): Result => {
    if (result instanceof CelFailure) return result;
    if (!isFlat) return new CelOptional(result);
    return result instanceof CelOptional ? result : none;
  };
  return (frame) => {
    const optional = value(frame);
    if (optional instanceof CelFailure) return optional;
    if (!(optional instanceof CelOptional)) return none;
    if (optional.value === undefined) return NONE;
    frame.locals[slot] = optional.value;
    return wrap(body(frame));
  };
}

/** `or` and `orValue` look at what they fall back to only when they need it. */
export function fallbackStep(
  value: Step,
  fallback: Step,
  isOptional: boolean,
  offset: number,
): Step {
  const none = new CelFailure('no_overload', 'the value is not optional', offset);
  return (frame) => {
    const optional = value(frame);
    if (optional instanceof CelFailure) return optional;
    if (!(optional instanceof CelOptional)) return none;
    if (optional.value !== undefined) return isOptional ? optional : optional.value;
    const other = fallback(frame);
    return isOptional && !(other instanceof CelOptional || other instanceof CelFailure)
      ? none
      : other;
  };
}
