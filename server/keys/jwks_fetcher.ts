// Keeps the key set of one issuer current: fetched at the start, then on an interval, and sooner
// when a token names a key that is not in it. Whatever goes wrong leaves the last good set in force
// for a bounded time; after that there are no keys, which denies.

import type { Logger } from 'pino';
import type { KeySetText } from '../../engine/key_image.ts';
import type { KeyState } from '../../engine/key_sets.ts';
import {
  FETCH_RESULTS,
  type Fetched,
  type FetchFailure,
  type FetchResult,
} from './fetch_result.ts';
import type { JwksSource } from './jwks_source.ts';

export interface FetcherTimes {
  /** Bounds of what the server's Cache-Control asks for, and what counts when it is silent. */
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
  readonly intervalMs: number;
  /** After a failure; doubled after each, up to the most. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** Between two fetches because of unknown keys: anybody can make up the id of a key. */
  readonly unknownKeyMs: number;
}

export const FETCHER_TIMES: FetcherTimes = {
  intervalMsMin: 60_000,
  intervalMsMax: 3_600_000,
  intervalMs: 300_000,
  retryMs: 1_000,
  retryMsMax: 60_000,
  unknownKeyMs: 30_000,
};

/** Replicas that started together do not ask together for ever. */
const JITTER = 0.1;

/** @param random from 0 to 1 */
export function refreshDelayMs(
  maxAgeMs: number | undefined,
  random: number,
  times: FetcherTimes,
): number {
  const wantedMs = spread(maxAgeMs ?? times.intervalMs, random);
  return Math.min(Math.max(wantedMs, times.intervalMsMin), times.intervalMsMax);
}

/** @param failures in a row before this one */
export function retryDelayMs(failures: number, random: number, times: FetcherTimes): number {
  const wantedMs = spread(times.retryMs * 2 ** Math.min(failures, 16), random);
  return Math.min(wantedMs, times.retryMsMax);
}

function spread(ms: number, random: number): number {
  return ms * (1 + JITTER * (2 * random - 1));
}

/** What a timer of Node holds; it looks again then. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface FetcherPorts {
  readonly fetch: (source: JwksSource, signal: AbortSignal) => Promise<Fetched>;
  /** What is wrong with a text, in one phrase without anything of the text; undefined: nothing. */
  readonly check: (text: string) => string | undefined;
  /** Its set is another one now. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly times: FetcherTimes;
}

export class JwksFetcher {
  readonly source: JwksSource;
  readonly counts = new Map<FetchResult, number>(FETCH_RESULTS.map((result) => [result, 0]));
  readonly #ports: FetcherPorts;
  readonly #abort = new AbortController();
  #state: KeyState = 'never';
  #sinceMs: number;
  #text = '';
  #fetchedAtMs: number | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #told: FetchResult = 'ok';
  #flight: Promise<void> | undefined;
  #next: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(source: JwksSource, ports: FetcherPorts) {
    this.source = source;
    this.#ports = ports;
    this.#sinceMs = ports.now();
  }

  get set(): KeySetText {
    const { issuerId: owner, url: origin } = this.source;
    const sinceMs = this.#sinceMs;
    return { kind: 'jwks', owner, origin, state: this.#state, sinceMs, text: this.#text };
  }

  /** When the set was last fetched; undefined when it never was. */
  get fetchedAtMs(): number | undefined {
    return this.#fetchedAtMs;
  }

  /** Fetches now; while a fetch is on its way this is that one. Never rejects. */
  refresh(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  /** A token named a key that is not in the set. */
  askForUnknownKey(): void {
    const now = this.#ports.now();
    // A clock that went back would else hold it up for as long.
    const waited = Math.abs(now - this.#askedAtMs);
    if (this.#flight !== undefined || waited < this.#ports.times.unknownKeyMs) return;
    this.#askedAtMs = now;
    void this.refresh();
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#next);
    clearTimeout(this.#expiry);
  }

  async #fetch(): Promise<void> {
    clearTimeout(this.#next);
    const fetched = await this.#ports.fetch(this.source, this.#abort.signal);
    if (this.#abort.signal.aborted) return;
    const problem = fetched.result === 'ok' ? this.#ports.check(fetched.text) : undefined;
    if (fetched.result !== 'ok') this.#fail(fetched.result, fetched.detail);
    else if (problem !== undefined) this.#fail('invalid', problem);
    else this.#succeed(fetched.text, fetched.maxAgeMs);
  }

  #succeed(text: string, maxAge: number | undefined): void {
    const { now, random, times, onChange } = this.#ports;
    clearTimeout(this.#expiry);
    this.#failures = 0;
    this.#fetchedAtMs = now();
    this.#count('ok', '');
    this.#schedule(refreshDelayMs(maxAge, random(), times));
    if (this.#state === 'fresh' && text === this.#text) return;
    this.#become('fresh', text);
    onChange();
  }

  #fail(result: FetchFailure, detail: string): void {
    const { random, times } = this.#ports;
    this.#count(result, detail);
    this.#schedule(retryDelayMs(this.#failures++, random(), times));
    if (this.#state === 'fresh') {
      this.#become('stale', this.#text);
      this.#ports.onChange();
    }
    this.#expireWhenDue();
  }

  /** INVARIANT: what its source does not confirm is gone `staleMs` after the first failure. */
  #expireWhenDue(): void {
    if (this.#state !== 'stale') return;
    clearTimeout(this.#expiry);
    const leftMs = this.#sinceMs + this.source.staleMs - this.#ports.now();
    if (leftMs > 0) {
      this.#expiry = setTimeout(() => this.#expireWhenDue(), Math.min(leftMs, TIMER_MS_MAX));
      return;
    }
    const { log, onChange } = this.#ports;
    this.#become('expired', '');
    log.error({ issuer: this.source.issuerId }, 'the last good keys of an issuer are too old');
    onChange();
  }

  #become(state: KeyState, text: string): void {
    this.#state = state;
    this.#text = text;
    this.#sinceMs = this.#ports.now();
  }

  #schedule(delayMs: number): void {
    this.#next = setTimeout(() => void this.refresh(), delayMs);
  }

  /** Counted each time, told once for each change. */
  #count(result: FetchResult, detail: string): void {
    this.counts.set(result, this.counts.get(result)! + 1);
    if (result === this.#told) return;
    this.#told = result;
    const { log } = this.#ports;
    const { issuerId: issuer } = this.source;
    if (result === 'ok') log.info({ issuer }, 'the keys of an issuer can be fetched again');
    else {
      const keys = this.#fetchedAtMs === undefined ? 'none' : 'the last good ones';
      log.warn({ issuer, result, detail, keys }, 'the keys of an issuer cannot be fetched');
    }
  }
}
