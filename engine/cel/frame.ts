// One evaluation: the values of variables, and what it has cost so far. The cost does not depend on
// branches taken: an expression is charged its nodes at once, a macro those of its body for each
// element, and functions by the size of what they touch.

import { CONDITION_COST_MAX } from '../limits.ts';
import type { CelFailure } from './failure.ts';
import type { CelValue } from './value.ts';

/** The values of variables, in the order of the keys of `Environment.variables`. */
export type Activation = readonly (CelValue | undefined)[];

export interface Meter {
  /** Adds to the cost; false when it is now too much and work has to stop. */
  charge(units: number): boolean;
}

export class Frame implements Meter {
  readonly variables: Activation;
  /** Variables of macros, by their slot. */
  readonly locals: CelValue[];
  cost: number;

  constructor(variables: Activation, cost: number) {
    this.variables = variables;
    this.locals = [];
    this.cost = cost;
  }

  charge(units: number): boolean {
    this.cost += units;
    return this.cost <= CONDITION_COST_MAX;
  }

  get isExceeded(): boolean {
    return this.cost > CONDITION_COST_MAX;
  }
}

export type Result = CelValue | CelFailure;

/** An expression after compilation. */
export type Step = (frame: Frame) => Result;

/** A text costs one unit for so many of its UTF-16 units. */
const TEXT_UNIT = 16;

export function textCost(length: number): number {
  return length < TEXT_UNIT ? 0 : Math.floor(length / TEXT_UNIT);
}
