// What of the official suite fails, and why. A reason holds for the cases that its test of their
// content finds; few are named.

import type { Type } from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import type { SimpleTest } from '@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js';
import { celValueOf } from './conformance_values.ts';

interface Reason {
  readonly name: string;
  readonly why: string;
  readonly holds: (test: SimpleTest, path: string) => boolean;
}

/** Those that the language of a policy needs: none of these fails, but where it makes messages. */
export const SECTIONS_WITHOUT_FAILURES: readonly string[] = [
  ...['basic', 'comparisons', 'integer_math', 'lists', 'logic', 'macros', 'optionals', 'parse'],
  ...['string', 'timestamps'],
];

const TIMES: readonly string[] = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];

/** The expression without its texts and comments. */
function codeOf({ expr }: SimpleTest): string {
  return expr.replace(/\/\/.*/g, '').replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "''");
}

function isMessageType({ typeKind }: Type): boolean {
  if (typeKind.case === 'messageType') return !TIMES.includes(typeKind.value);
  return typeKind.case === 'wellKnown' || typeKind.case === 'wrapper';
}

/** Names a message or an enum, makes one, is given one or wants one. */
function needsMessages(test: SimpleTest): boolean {
  const { typeEnv, bindings, checkOnly, resultMatcher } = test;
  const code = codeOf(test);
  if (/\b[A-Z]\w*\s*\{/.test(code)) return true;
  if (/\b(?:GlobalEnum|NullValue|NestedEnum|TestAllTypes|proto\.\w+Ext)\b/.test(code)) return true;
  const isGiven = Object.values(bindings).some(
    ({ kind }) => kind.case === 'value' && celValueOf(kind.value) === undefined,
  );
  // Where only the type is asked for, the message itself is not needed.
  const isDeclared =
    !checkOnly &&
    typeEnv.some(
      ({ declKind }) =>
        declKind.case === 'ident' &&
        declKind.value.type !== undefined &&
        isMessageType(declKind.value.type),
    );
  const { case: matcher, value } = resultMatcher;
  const isWanted = matcher === 'value' && celValueOf(value) === undefined;
  return isGiven || isDeclared || isWanted;
}

/** A call that is wanted to fail also does when there is no such function. */
function isWantedToFail({ disableCheck, resultMatcher }: SimpleTest): boolean {
  return disableCheck && resultMatcher.case === 'evalError';
}

function calls(pattern: RegExp): Reason['holds'] {
  return (test) => pattern.test(codeOf(test)) && !isWantedToFail(test);
}

/** Types deduced from fields of messages. */
const OF_MESSAGES: readonly string[] = [
  'flexible_type_parameter_assignment/comprehension_type_var_aliasing',
  'flexible_type_parameter_assignment/overload_type_var_aliasing',
  'wrappers/wrapper_promotion',
  'wrappers/wrapper_promotion_2',
  'wrappers/wrapper_ternary_parameter_assignment',
  'wrappers/wrapper_ternary_parameter_assignment_2',
];

const DEDUCED: readonly string[] = [
  'flexible_type_parameter_assignment/list_parameter',
  'flexible_type_parameter_assignment/list_parameter_order_independent',
  'flexible_type_parameter_assignment/optional_none',
  'flexible_type_parameter_assignment/optional_none_2',
  'legacy_nullable_types/null_assignable_to_abstract_parameter_candidate',
];

function isDeduction(path: string, names: readonly string[]): boolean {
  return names.some((name) => path === `type_deductions/${name}`);
}

export const REASONS: readonly Reason[] = [
  {
    name: 'messages',
    why: 'a request has no protocol buffers: messages and enums are neither made nor named',
    holds: (test, path) => needsMessages(test) || isDeduction(path, OF_MESSAGES),
  },
  {
    name: 'blocks',
    why: '`cel.block` is what optimisers write, not people',
    holds: calls(/\bcel\.(?:block|index|iterVar)\(/),
  },
  {
    name: 'encoders',
    why: 'no condition has asked for base64',
    holds: calls(/\bbase64\.\w+\(/),
  },
  {
    name: 'math',
    why: 'the math extension: permission is not computed from bits and roundings',
    holds: calls(/\bmath\.\w+\(/),
  },
  {
    name: 'text output',
    why: '`format` and `quote` make texts for people, and a condition has none to make',
    holds: calls(/\.(?:format|quote)\(/),
  },
  {
    name: 'qualified names',
    why: 'variables have no dots and there are no containers: one name has one meaning',
    holds: (test) => test.typeEnv.some(({ name }) => name.includes('.')) && !isWantedToFail(test),
  },
  {
    name: 'functions of a test',
    why: 'the functions of the language are fixed',
    holds: ({ typeEnv }) => typeEnv.some(({ declKind }) => declKind.case === 'function'),
  },
  {
    name: 'deduced types',
    why: 'type parameters are not unified across elements: the type is `dyn` where cel-go finds one',
    holds: (_, path) => isDeduction(path, DEDUCED),
  },
];

export function classOf(path: string, test: SimpleTest): string | undefined {
  return REASONS.find(({ holds }) => holds(test, path))?.name;
}
