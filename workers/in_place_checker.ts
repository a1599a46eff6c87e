// Decides on the calling thread.

import type { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { type Checker, evidenceCode, type Outputs, outcomeCode } from './checker.ts';
import type { Evaluated, Evaluator } from './evaluator.ts';

export class InPlaceChecker implements Checker {
  readonly #evaluator: Evaluator;
  readonly #outputs: Outputs;

  constructor(evaluator: Evaluator, outputs: Outputs) {
    this.#evaluator = evaluator;
    this.#outputs = outputs;
  }

  check(bytes: Buffer, asker: Asker, _deadlineMs: number): Buffer | Promise<Buffer> {
    const evaluated = this.#evaluator.evaluate(bytes, asker);
    if (!(evaluated instanceof Promise)) return this.#deliver(evaluated);
    return evaluated.then((late) => this.#deliver(late));
  }

  refuse(failure: Failure): Buffer {
    return this.#deliver(this.#evaluator.refuse(failure));
  }

  canAcceptWork(): boolean {
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #deliver(evaluated: Evaluated): Buffer {
    const { answer, response, evidenceLine, decisionLine, durationUs, misses } = evaluated;
    const { verdict } = answer;
    this.#outputs.record(evidenceLine, decisionLine, 1);
    this.#outputs.count(outcomeCode(verdict), evidenceCode(verdict, misses), durationUs);
    return response;
  }
}
