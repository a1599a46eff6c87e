// An evaluator: a snapshot and everything needed to answer CheckRequests with it. Any thread may
// hold one; all code that decides is in it. What throws here is a fault of ours, caught once.

import { challengeOf, httpStatus } from '../engine/challenge.ts';
import type { DpopNonces } from '../engine/dpop_nonces.ts';
import { type Facts, NO_FACTS, type Proof } from '../engine/facts.ts';
import { Failure, isFailure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { verifyProof } from '../engine/identity/proof.ts';
import { PASSES_MAX } from '../engine/limits.ts';
import { recordLines } from '../engine/record.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { type Answer, answerOf, checkEnvoy } from '../envoy/check.ts';
import { encodeCheckResponse } from '../envoy/check_response.ts';
import { parseTraceparent } from '../envoy/trace_context.ts';
import { decisionId } from './decision_id.ts';
import { WindowedNonces } from './dpop_nonces.ts';
import { drive, type Moment, type World } from './driver.ts';
import { EvidenceCache } from './evidence_cache.ts';
import type { IdentitySigner } from './identity_signer.ts';
import { type KeySource, NO_KEY_SOURCE } from './key_holder.ts';
import { isOfPossession, Possessions, type UsedProofs, usedOnce } from './possessions.ts';
import { fixedSnapshot, type SnapshotSource } from './snapshot_holder.ts';
import { SharedUsedProofs } from './used_proofs.ts';
import { VerificationBudget } from './verification_budget.ts';

/** One request, answered: the response for Envoy, both records, and what is counted. */
export interface Evaluated {
  readonly answer: Answer;
  readonly response: Buffer;
  /** Of the response; 200 where it allows. */
  readonly http: number;
  readonly evidenceLine: string;
  readonly decisionLine: string;
  readonly durationUs: number;
  /** Credentials that had to be verified now; with none, what was shown had been before. */
  readonly misses: number;
}

export interface EvaluatorPorts {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onInternalError: (error: unknown) => void;
  readonly verify?: World['verify'];
  readonly commit?: World['commit'];
  readonly facts?: () => Facts;
  /** Keys from outside the bundle; default none. */
  readonly keys?: KeySource;
  /** Proofs of possession that were used; default those of this evaluator alone. */
  readonly used?: UsedProofs;
  /** Nonces for DPoP proofs; default those of this evaluator alone. */
  readonly nonces?: DpopNonces;
  /** The upstream hand-off; default off. */
  readonly handOff?: IdentitySigner | undefined;
}

const CHANGING = new Failure('sys.stale_state', 'policy or keys changed during each pass');
/** Not kept: the next one may be looked at. */
const TOO_MANY_FAILED = new Failure('sys.overloaded', 'too many tokens of this caller failed');
const notAvailable = (): Promise<never> => Promise.reject(new Error('not available'));

export class Evaluator {
  readonly #snapshots: SnapshotSource;
  readonly #ports: EvaluatorPorts;
  readonly #world: Omit<World, 'verify'>;
  readonly #verified: EvidenceCache;
  readonly #used: UsedProofs;
  readonly #budget = new VerificationBudget();
  readonly #keys: KeySource;
  /** The snapshot of the last pass, for records of what no pass answered. */
  #known: Snapshot;

  constructor(snapshots: Snapshot | SnapshotSource, ports: EvaluatorPorts) {
    this.#snapshots = 'current' in snapshots ? snapshots : fixedSnapshot(snapshots);
    this.#known = this.#snapshots.current;
    this.#ports = ports;
    const keySource = ports.keys ?? NO_KEY_SOURCE;
    this.#keys = keySource;
    const verified = new EvidenceCache();
    const nonces = ports.nonces ?? new WindowedNonces();
    let known: Facts = { revision: 0, verified, keys: keySource.current, nonces };
    this.#world = {
      moment: () => {
        this.#known = this.#snapshots.current;
        const keys = keySource.current;
        if (keys !== known.keys) known = { ...known, keys };
        return { snapshot: this.#known, facts: ports.facts?.() ?? known, now: ports.now() };
      },
      commit: ports.commit ?? notAvailable,
    };
    this.#verified = verified;
    this.#used = ports.used ?? new SharedUsedProofs();
  }

  /** At once: it takes a fraction of a millisecond, less than waiting for another thread. */
  #verify(proofs: readonly Proof[], own: Possessions): void {
    const now = this.#ports.now();
    const keys = this.#keys.current;
    for (const proof of proofs) {
      const payer = proof.kind === 'token' ? proof.payer : undefined;
      if (payer !== undefined && !this.#budget.allows(payer, now)) {
        own.put(proof.key, TOO_MANY_FAILED);
        continue;
      }
      const { result, outdated } = verifyProof(proof, this.#known.proof, keys, now);
      if (payer !== undefined && isFailure(result)) this.#budget.failed(payer, now);
      if (outdated !== undefined) this.#keys.askFor(outdated);
      if (isOfPossession(proof)) own.put(proof.key, usedOnce(result, this.#used, now, own.user));
      else {
        own.misses++;
        this.#verified.put(proof.key, result, now);
      }
    }
  }

  /** @param user of a request that may come again; see `UsedProofs.use` */
  evaluate(bytes: Buffer, asker: Asker, user?: bigint): Evaluated | Promise<Evaluated> {
    const startedMs = performance.now();
    try {
      const answer = this.#decide(bytes, asker, startedMs, 1, new Possessions(user));
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => this.#internal(error, startedMs));
    } catch (error) {
      return this.#internal(error, startedMs);
    }
  }

  /**
   * INVARIANT: an answer leaves only while the snapshot that it was decided with is in force, and
   * the keys that its proofs were verified with. Where others became so meanwhile, the request is
   * decided again.
   */
  #decide(
    bytes: Buffer,
    asker: Asker,
    startedMs: number,
    attempt: number,
    own: Possessions,
  ): Evaluated | Promise<Evaluated> {
    let last: Moment | undefined;
    const pass = (moment: Moment) => {
      last = moment;
      return checkEnvoy(bytes, asker, moment.snapshot, own.facts(moment.facts), moment.now);
    };
    const finish = (answer: Answer): Evaluated | Promise<Evaluated> => {
      if (last === undefined || this.#isCurrent(last)) {
        return this.#finish(answer, startedMs, last, own.misses);
      }
      if (attempt < PASSES_MAX) return this.#decide(bytes, asker, startedMs, attempt + 1, own);
      return this.#finish(answerOf(CHANGING), startedMs, last, own.misses);
    };
    const { verify = (proofs: readonly Proof[]) => this.#verify(proofs, own) } = this.#ports;
    const { moment, commit } = this.#world;
    const answer = drive(pass, { moment, verify, commit }, answerOf);
    return answer instanceof Promise ? answer.then(finish) : finish(answer);
  }

  #isCurrent({ snapshot, facts }: Moment): boolean {
    return this.#snapshots.isCurrent(snapshot) && this.#keys.isCurrent(facts.keys);
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
    misses: number,
  ): Evaluated {
    const { verdict, client, view } = answer;
    // An answer that no pass gave must not ask the ports again: one of them may be what failed.
    const { snapshot, facts, now } = moment ?? {
      snapshot: this.#known,
      facts: NO_FACTS,
      now: this.#ports.now(),
    };
    const id = decisionId(now);
    // A connection has no headers.
    const http = view?.hasHttp === true ? view : undefined;
    const challenge =
      http && challengeOf(verdict, snapshot.proof.issuers.tokens, facts.nonces, now);
    const identity =
      http && this.#ports.handOff?.headerFor(verdict, http.destinationPrincipal, id, now);
    const { underscored } = view?.headers ?? {};
    const response = encodeCheckResponse(verdict, id, client, underscored, challenge, identity);
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
      http: httpStatus(verdict.decision.reason, challenge),
      evidenceLine: evidence,
      decisionLine: decision,
      durationUs,
      misses,
    };
  }
}
