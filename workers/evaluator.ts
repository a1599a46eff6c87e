// An evaluator: a snapshot and everything needed to answer CheckRequests with it. Any thread may
// hold one; all code that decides is in it. What throws here is a fault of ours, caught once.

import { type Facts, NO_FACTS } from '../engine/facts.ts';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { verifyProof } from '../engine/identity/proof.ts';
import { PASSES_MAX } from '../engine/limits.ts';
import { recordLines } from '../engine/record.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { type Answer, answerOf, checkEnvoy } from '../envoy/check.ts';
import { encodeCheckResponse } from '../envoy/check_response.ts';
import { parseTraceparent } from '../envoy/trace_context.ts';
import { decisionId } from './decision_id.ts';
import { drive, type Moment, type World } from './driver.ts';
import { EvidenceCache } from './evidence_cache.ts';
import { fixedSnapshot, type SnapshotSource } from './snapshot_holder.ts';

/** One request, answered: the response for Envoy, both records, and what is counted. */
export interface Evaluated {
  readonly answer: Answer;
  readonly response: Buffer;
  readonly evidenceLine: string;
  readonly decisionLine: string;
  readonly durationUs: number;
  /** Passes it took: with one, whatever was presented had been verified before. */
  readonly passes: number;
}

export interface EvaluatorPorts {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onInternalError: (error: unknown) => void;
  readonly verify?: World['verify'];
  readonly commit?: World['commit'];
  readonly facts?: () => Facts;
}

const CHANGING = new Failure('sys.stale_state', 'the policy changed during each pass');
const notAvailable = (): Promise<never> => Promise.reject(new Error('not available'));

export class Evaluator {
  readonly #snapshots: SnapshotSource;
  readonly #ports: EvaluatorPorts;
  readonly #world: World;
  /** The snapshot of the last pass, for records of what no pass answered. */
  #known: Snapshot;

  constructor(snapshots: Snapshot | SnapshotSource, ports: EvaluatorPorts) {
    this.#snapshots = 'current' in snapshots ? snapshots : fixedSnapshot(snapshots);
    this.#known = this.#snapshots.current;
    this.#ports = ports;
    const verified = new EvidenceCache();
    const known: Facts = { revision: 0, verified };
    this.#world = {
      moment: () => {
        this.#known = this.#snapshots.current;
        return { snapshot: this.#known, facts: ports.facts?.() ?? known, now: ports.now() };
      },
      // At once: it takes a fraction of a millisecond, less than waiting for another thread.
      verify:
        ports.verify ??
        ((proofs) => {
          const now = ports.now();
          for (const proof of proofs) {
            verified.put(proof.key, verifyProof(proof, this.#known.proof, now), now);
          }
        }),
      commit: ports.commit ?? notAvailable,
    };
  }

  evaluate(bytes: Buffer, asker: Asker): Evaluated | Promise<Evaluated> {
    const startedMs = performance.now();
    try {
      const answer = this.#decide(bytes, asker, startedMs, 1);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => this.#internal(error, startedMs));
    } catch (error) {
      return this.#internal(error, startedMs);
    }
  }

  /**
   * INVARIANT: an answer leaves only while the snapshot that it was decided with is in force. Where
   * another one became so meanwhile, the request is decided again.
   */
  #decide(
    bytes: Buffer,
    asker: Asker,
    startedMs: number,
    attempt: number,
  ): Evaluated | Promise<Evaluated> {
    let last: Moment | undefined;
    let passes = 0;
    const pass = (moment: Moment) => {
      passes++;
      last = moment;
      return checkEnvoy(bytes, asker, moment.snapshot, moment.facts, moment.now);
    };
    const finish = (answer: Answer): Evaluated | Promise<Evaluated> => {
      if (last === undefined || this.#snapshots.isCurrent(last.snapshot)) {
        return this.#finish(answer, startedMs, last, passes);
      }
      if (attempt < PASSES_MAX) return this.#decide(bytes, asker, startedMs, attempt + 1);
      return this.#finish(answerOf(CHANGING), startedMs, last, passes);
    };
    const answer = drive(pass, this.#world, answerOf);
    return answer instanceof Promise ? answer.then(finish) : finish(answer);
  }

  /** The answer to a request that is refused without a look at it. */
  refuse(failure: Failure): Evaluated {
    return this.#finish(answerOf(failure), performance.now(), undefined, 0);
  }

  #internal(error: unknown, startedMs: number): Evaluated {
    this.#ports.onInternalError(error);
    const failure = new Failure('sys.internal', 'see the log');
    return this.#finish(answerOf(failure), startedMs, undefined, 0);
  }

  #finish(
    answer: Answer,
    startedMs: number,
    moment: Moment | undefined,
    passes: number,
  ): Evaluated {
    const { verdict, client, view } = answer;
    // An answer that no pass gave must not ask the ports again: one of them may be what failed.
    const { snapshot, facts, now } = moment ?? {
      snapshot: this.#known,
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
    return {
      answer,
      response,
      evidenceLine: evidence,
      decisionLine: decision,
      durationUs,
      passes,
    };
  }
}
