// Fields and elements at run time (CEL specification, "Field Selection"), also of optional values:
// what is absent in an optional is no failure but no value.

import { integerOf, isMapKey, lookUp } from './equality.ts';
import { CelFailure } from './failure.ts';
import type { Frame, Step } from './frame.ts';
import { CelOptional, type CelStruct, type CelValue, isList, NONE } from './value.ts';

/** What a container gives: `undefined` is absent. */
type Found = CelValue | CelFailure | undefined;

type Lookup = (container: CelValue, frame: Frame) => Found;

function isStruct(value: CelValue): value is CelStruct {
  // Only structs have a member of this name, and of a class that is not ours nothing else is known.
  return typeof (value as { readonly field?: unknown } | null)?.field === 'function';
}

function fieldLookup(field: string, offset: number): Lookup {
  const noFields = new CelFailure('type', `nothing has a field \`${field}\` here`, offset);
  return (container) => {
    if (isStruct(container)) return container.field(field);
    return container instanceof Map ? container.get(field) : noFields;
  };
}

function elementOf(container: CelValue, index: CelValue, frame: Frame): Found {
  if (isList(container)) {
    const at = integerOf(index);
    if (at === undefined) return NO_INDEX;
    return at < 0n || at >= BigInt(container.length) ? undefined : container[Number(at)];
  }
  if (container instanceof Map) {
    if (!isMapKey(index) && typeof index !== 'number') return NO_KEY;
    return lookUp(container, index, frame);
  }
  return isStruct(container) && typeof index === 'string' ? container.field(index) : NO_ELEMENTS;
}

const NO_INDEX = new CelFailure('invalid_argument', 'a list is indexed by an integer');
const NO_KEY = new CelFailure('no_overload', 'a value of this type is no key of a map');
const NO_ELEMENTS = new CelFailure('type', 'nothing has elements here');

/** As an optional, out of an optional or not. */
function optionally(container: CelValue, lookup: Lookup, frame: Frame): CelOptional | CelFailure {
  const inner = container instanceof CelOptional ? container.value : container;
  if (inner === undefined) return NONE;
  const found = lookup(inner, frame);
  if (found === undefined) return NONE;
  return found instanceof CelFailure ? found : new CelOptional(found);
}

export function selectStep(
  operand: Step,
  field: string,
  mode: 'plain' | 'optional' | 'test',
  offset: number,
): Step {
  const lookup = fieldLookup(field, offset);
  const missing = new CelFailure('no_such_key', `no such key: \`${field}\``, offset);
  if (mode === 'optional') {
    return (frame) => {
      const container = operand(frame);
      return container instanceof CelFailure ? container : optionally(container, lookup, frame);
    };
  }
  if (mode === 'test') {
    return (frame) => {
      const container = operand(frame);
      if (container instanceof CelFailure) return container;
      if (container instanceof CelOptional) {
        const found = optionally(container, lookup, frame);
        return found instanceof CelFailure ? found : found.value !== undefined;
      }
      const found = lookup(container, frame);
      return found instanceof CelFailure ? found : found !== undefined;
    };
  }
  return (frame) => {
    const container = operand(frame);
    if (container instanceof CelFailure) return container;
    if (container instanceof CelOptional) return optionally(container, lookup, frame);
    const found = lookup(container, frame);
    return found === undefined ? missing : found;
  };
}

export function indexStep(
  operand: Step,
  index: Step,
  mode: 'plain' | 'optional',
  offset: number,
): Step {
  return (frame) => {
    const container = operand(frame);
    if (container instanceof CelFailure) return container;
    const key = index(frame);
    if (key instanceof CelFailure) return key;
    const lookup: Lookup = (inner) => elementOf(inner, key, frame);
    if (mode === 'optional' || container instanceof CelOptional) {
      const found = optionally(container, lookup, frame);
      return found instanceof CelFailure ? found.at(offset) : found;
    }
    const found = elementOf(container, key, frame);
    if (found === undefined) return absent(container, key, offset);
    return found instanceof CelFailure ? found.at(offset) : found;
  };
}

function absent(container: CelValue, key: CelValue, offset: number): CelFailure {
  if (isList(container)) {
    return new CelFailure('invalid_argument', `no element ${String(integerOf(key))}`, offset);
  }
  const shown = typeof key === 'string' ? key : String(integerOf(key) ?? key);
  return new CelFailure('no_such_key', `no such key: \`${shown.slice(0, 64)}\``, offset);
}
