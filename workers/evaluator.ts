// An evaluator: a snapshot and everything needed to answer CheckRequests with it. Any thread may
// hold one; all code that decides is in it. What throws here is a fault of ours, caught once.

import { type Facts, NO_FACTS } from '../engine/facts.ts';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { recordLines } from '../engine/record.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { type Answer, answerOf, checkEnvoy } from '../envoy/check.ts';
import { encodeCheckResponse } from '../envoy/check_response.ts';
import { parseTraceparent } from '../envoy/trace_context.ts';
import { decisionId } from './decision_id.ts';
import { drive, type Moment, type World } from './driver.ts';

/** One request, answered: the response for Envoy, both records, and what is counted. */
export interface Evaluated {
  readonly answer: Answer;
  readonly response: Buffer;
  readonly evidenceLine: string;
  readonly decisionLine: string;
  readonly durationUs: number;
}

export interface EvaluatorPorts {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onInternalError: (error: unknown) => void;
  readonly verify?: World['verify'];
  readonly commit?: World['commit'];
  readonly facts?: () => Facts;
}

const notAvailable = (): Promise<never> => Promise.reject(new Error('not available'));

export class Evaluator {
  readonly snapshot: Snapshot;
  readonly #ports: EvaluatorPorts;
  readonly #world: World;

  constructor(snapshot: Snapshot, ports: EvaluatorPorts) {
    this.snapshot = snapshot;
    this.#ports = ports;
    this.#world = {
      moment: () => ({ snapshot, facts: ports.facts?.() ?? NO_FACTS, now: ports.now() }),
      verify: ports.verify ?? notAvailable,
      commit: ports.commit ?? notAvailable,
    };
  }

  evaluate(bytes: Buffer, asker: Asker): Evaluated | Promise<Evaluated> {
    const startedMs = performance.now();
    let last: Moment | undefined;
    const pass = (moment: Moment) => {
      last = moment;
      return checkEnvoy(bytes, asker, moment.snapshot, moment.facts, moment.now);
    };
    const finish = (answer: Answer): Evaluated => this.#finish(answer, startedMs, last);
    try {
      const answer = drive(pass, this.#world, answerOf);
      if (!(answer instanceof Promise)) return finish(answer);
      return answer.then(finish).catch((error: unknown) => this.#internal(error, startedMs));
    } catch (error) {
      return this.#internal(error, startedMs);
    }
  }

  /** The answer to a request that is refused without a look at it. */
  refuse(failure: Failure): Evaluated {
    return this.#finish(answerOf(failure), performance.now(), undefined);
  }

  #internal(error: unknown, startedMs: number): Evaluated {
    this.#ports.onInternalError(error);
    const failure = new Failure('sys.internal', 'see the log');
    return this.#finish(answerOf(failure), startedMs, undefined);
  }

  #finish(answer: Answer, startedMs: number, moment: Moment | undefined): Evaluated {
    const { verdict, client, view } = answer;
    // An answer that no pass gave must not ask the ports again: one of them may be what failed.
    const { snapshot, facts, now } = moment ?? {
      snapshot: this.snapshot,
      facts: NO_FACTS,
      now: this.#ports.now(),
    };
    const id = decisionId(now);
    const response = encodeCheckResponse(verdict, id, client, view?.headers.underscored);
    const durationUs = Math.round((performance.now() - startedMs) * 1000);
    const connection = view?.hasHttp === false ? view : undefined;
    const occasion = {
      decisionId: id,
      now,
      durationUs,
      revision: facts.revision,
      method: view?.method ?? '',
      path: view?.path ?? '',
      host: view?.host ?? '',
      destination: view?.destinationPrincipal ?? '',
      requestId: view?.headers.requestId ?? '',
      traceId: parseTraceparent(view?.headers.traceparent ?? '')?.traceId ?? '',
      sni: connection?.sni ?? '',
      port: connection?.port ?? 0,
    };
    const { evidence, decision } = recordLines(verdict, occasion, snapshot);
    return { answer, response, evidenceLine: evidence, decisionLine: decision, durationUs };
  }
}
