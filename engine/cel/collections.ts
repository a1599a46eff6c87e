// Lists and maps that an expression makes, with elements that may be left out (`[?a.?b]`).

import { isMapKey, lookUp } from './equality.ts';
import { CelFailure } from './failure.ts';
import type { Result, Step } from './frame.ts';
import { type CelMapKey, CelOptional, type CelValue } from './value.ts';

export interface Element {
  readonly value: Step;
  readonly optional: boolean;
}

export interface Entry extends Element {
  readonly key: Step;
}

const NOT_OPTIONAL = new CelFailure('no_overload', 'the value behind `?` is not optional');
const NO_KEY = new CelFailure('no_overload', 'a value of this type is no key of a map');

export function listStep(elements: readonly Element[], offset: number): Step {
  return (frame) => {
    const list: CelValue[] = [];
    for (const { value, optional } of elements) {
      const element = optional ? unwrap(value(frame)) : value(frame);
      if (element instanceof CelFailure) return element.at(offset);
      if (element !== undefined) list.push(element);
    }
    return list;
  };
}

export function mapStep(entries: readonly Entry[], offset: number): Step {
  return (frame) => {
    const map = new Map<CelMapKey, CelValue>();
    for (const { key: keyStep, value: valueStep, optional } of entries) {
      const key = keyStep(frame);
      if (key instanceof CelFailure) return key;
      if (!isMapKey(key)) return NO_KEY.at(offset);
      if (lookUp(map, key, frame) !== undefined) {
        return new CelFailure('invalid_argument', 'a map has one key twice', offset);
      }
      const value = optional ? unwrap(valueStep(frame)) : valueStep(frame);
      if (value instanceof CelFailure) return value.at(offset);
      if (value !== undefined) map.set(key, value);
    }
    return map;
  };
}

function unwrap(value: Result): Result | undefined {
  if (value instanceof CelFailure) return value;
  return value instanceof CelOptional ? value.value : NOT_OPTIONAL;
}
