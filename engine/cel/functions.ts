// The table of all functions of the language, by the shape of a call: style, name and number of
// arguments.

import { CONVERSIONS } from './conversion.ts';
import { IP_FUNCTIONS } from './ip_functions.ts';
import { OPTIONAL_FUNCTIONS } from './optional_functions.ts';
import type { FunctionDefinition } from './signature.ts';
import { TEXT_FUNCTIONS } from './text_functions.ts';
import { TIME_FUNCTIONS } from './time_functions.ts';

export const FUNCTIONS: readonly FunctionDefinition[] = [
  ...CONVERSIONS,
  ...TEXT_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...OPTIONAL_FUNCTIONS,
  ...IP_FUNCTIONS,
];

function key(style: FunctionDefinition['style'], name: string): string {
  return `${style} ${name}`;
}

const byShape: ReadonlyMap<string, readonly FunctionDefinition[]> = Map.groupBy(
  FUNCTIONS,
  ({ style, name }) => key(style, name),
);

/** Those of one name and style, which differ in the number of their arguments. */
export function functionsNamed(
  style: FunctionDefinition['style'],
  name: string,
): readonly FunctionDefinition[] {
  return byShape.get(key(style, name)) ?? [];
}

export function findFunction(
  style: FunctionDefinition['style'],
  name: string,
  arity: number,
): FunctionDefinition | undefined {
  return functionsNamed(style, name).find((it) => it.arity === arity);
}
