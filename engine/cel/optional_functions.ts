// Optional values: `optional.of(x)`, `a.?b.orValue(c)` (cel-go's optional types). `or` and
// `orValue` are compiled apart, since what they fall back to is looked at only when it is needed.

import { CelFailure } from './failure.ts';
import { define, type FunctionDefinition, signature } from './signature.ts';
import { BOOL, DYN, optionalOf, type Type } from './type.ts';
import {
  CelDuration,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
  isList,
  NONE,
} from './value.ts';

const ANY: Type = { kind: 'any', name: 'T' };
const OPTIONAL = optionalOf(ANY);

const NO_VALUE = new CelFailure('invalid_argument', 'the optional has no value');

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '') return true;
  if (value === 0n || value === 0) return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (isList(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  if (value instanceof CelDuration) return value.nanos === 0n;
  if (value instanceof CelTimestamp) return value.nanos === 0n;
  return value instanceof CelOptional && value.value === undefined;
}

function optionalValue({ value }: CelOptional): CelValue | CelFailure {
  return value === undefined ? NO_VALUE : value;
}

export const OPTIONAL_FUNCTIONS: readonly FunctionDefinition[] = [
  define('function', 'optional.of', [signature(OPTIONAL, ANY)], (_, it) =>
    it === undefined ? undefined : new CelOptional(it),
  ),
  define('function', 'optional.ofNonZeroValue', [signature(OPTIONAL, ANY)], (_, it) =>
    it === undefined || isZero(it) ? NONE : new CelOptional(it),
  ),
  define('function', 'optional.none', [signature(optionalOf(DYN))], () => NONE),
  define('method', 'hasValue', [signature(BOOL, OPTIONAL)], (_, it) =>
    it instanceof CelOptional ? it.value !== undefined : undefined,
  ),
  define('method', 'value', [signature(ANY, OPTIONAL)], (_, it) =>
    it instanceof CelOptional ? optionalValue(it) : undefined,
  ),
  define('method', 'or', [signature(OPTIONAL, OPTIONAL, OPTIONAL)], () => undefined),
  define('method', 'orValue', [signature(ANY, OPTIONAL, ANY)], () => undefined),
];
