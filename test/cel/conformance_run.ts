// Runs one case of the official suite: what came out that should not have, or nothing.

import {
  type Type,
  Type_PrimitiveType,
  Type_WellKnownType,
} from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import type { SimpleTest } from '@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js';
import { compileExpression } from '../../engine/cel/expression.ts';
import { CelFailure } from '../../engine/cel/failure.ts';
import { type TypeSpec, typeText } from '../../engine/cel/type.ts';
import type { CelValue } from '../../engine/cel/value.ts';
import { celValueOf, resultText } from './conformance_values.ts';

/** Why the case fails. */
export function runCase(test: SimpleTest): string | undefined {
  const declared = test.typeEnv
    .filter(({ declKind }) => declKind.case === 'ident')
    .map(({ name }) => name);
  const names = [...new Set([...declared, ...Object.keys(test.bindings)])];
  const dyn: TypeSpec = 'dyn';
  const environment = { variables: Object.fromEntries(names.map((name) => [name, dyn])) };
  const compiled = compileExpression(test.expr, environment, { unchecked: test.disableCheck });
  if (!('evaluate' in compiled)) return `does not compile: ${compiled[0]?.message}`;
  if (test.resultMatcher.case === 'typedResult') {
    const { deducedType } = test.resultMatcher.value;
    const [got, want] = [typeText(compiled.type), deducedType && deducedText(deducedType)];
    if (got !== want) return `has type ${got} instead of ${want}`;
    if (test.checkOnly) return undefined;
  }
  const variables = names.map((name): CelValue | undefined => {
    const { kind } = test.bindings[name] ?? {};
    return kind?.case === 'value' ? celValueOf(kind.value) : undefined;
  });
  const result = compiled.evaluate(variables);
  const { case: matcher, value: wanted } = test.resultMatcher;
  if (matcher === 'evalError') {
    return result instanceof CelFailure ? undefined : `no failure: ${resultText(result)}`;
  }
  if (result instanceof CelFailure) return `fails: ${result.message}`;
  if (matcher === undefined) return result === true ? undefined : resultText(result);
  const value = matcher === 'typedResult' ? wanted.result : wanted;
  if ((matcher !== 'value' && matcher !== 'typedResult') || value === undefined) {
    return `wants ${matcher}`;
  }
  const expected = value.$typeName === 'cel.expr.Value' ? celValueOf(value) : undefined;
  if (expected === undefined) return 'wants a message';
  const [got, want] = [resultText(result), resultText(expected)];
  return got === want ? undefined : `${got} instead of ${want}`;
}

/** A type of the suite as ours is written. */
function deducedText({ typeKind }: Type): string {
  switch (typeKind.case) {
    case 'primitive':
      return PRIMITIVES.get(typeKind.value) ?? '?';
    case 'wellKnown':
      return WELL_KNOWN.get(typeKind.value) ?? '?';
    case 'listType':
      return `list(${deducedText(typeKind.value.elemType!)})`;
    case 'mapType': {
      const { keyType, valueType } = typeKind.value;
      return `map(${deducedText(keyType!)}, ${deducedText(valueType!)})`;
    }
    case 'abstractType':
      return `optional(${typeKind.value.parameterTypes.map(deducedText).join(', ')})`;
    default:
      return typeKind.case ?? '?';
  }
}

const PRIMITIVES: ReadonlyMap<Type_PrimitiveType, string> = new Map([
  [Type_PrimitiveType.BOOL, 'bool'],
  [Type_PrimitiveType.INT64, 'int'],
  [Type_PrimitiveType.UINT64, 'uint'],
  [Type_PrimitiveType.DOUBLE, 'double'],
  [Type_PrimitiveType.STRING, 'string'],
  [Type_PrimitiveType.BYTES, 'bytes'],
]);

const WELL_KNOWN: ReadonlyMap<Type_WellKnownType, string> = new Map([
  [Type_WellKnownType.TIMESTAMP, 'timestamp'],
  [Type_WellKnownType.DURATION, 'duration'],
]);
