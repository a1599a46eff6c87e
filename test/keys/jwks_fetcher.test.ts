// A fetcher of one issuer's keys over time: what it asks for and when, and what is left in force
// when the server does wrong.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { KeyState } from '../../engine/key_sets.ts';
import { fetchKeys } from '../../server/keys/fetch_keys.ts';
import type { FetchResult } from '../../server/keys/fetch_result.ts';
import {
  FETCHER_TIMES,
  type FetcherTimes,
  JwksFetcher,
  refreshDelayMs,
  retryDelayMs,
} from '../../server/keys/jwks_fetcher.ts';
import type { JwksSource } from '../../server/keys/jwks_source.ts';
import { systemResolve } from '../../server/keys/key_connection.ts';
import { keyProblem } from '../../workers/key_parser.ts';
import { until } from '../support/wait.ts';
import { answerWith, type IssuerServer, jwks, sourceOf, startIssuer } from './issuer_server.ts';

/** So short that a test can wait for them; those that it does not wait for are the product's. */
const SHORT: FetcherTimes = { ...FETCHER_TIMES, retryMs: 20, retryMsMax: 80 };

class Stage {
  readonly fetcher: JwksFetcher;
  readonly log: Record<string, unknown>[] = [];
  changes = 0;
  now = Date.now();

  constructor(source: JwksSource, times: FetcherTimes) {
    const write = (line: string): void => void this.log.push(JSON.parse(line));
    this.fetcher = new JwksFetcher(source, {
      fetch: (of, signal) => fetchKeys(of, { resolve: systemResolve, msMax: 300, signal }),
      check: (text) => keyProblem('jwks', text),
      onChange: () => this.changes++,
      log: pino({ level: 'debug' }, { write }),
      now: () => this.now,
      random: () => 0.5,
      times,
    });
  }

  get state(): KeyState {
    return this.fetcher.set.state;
  }

  count(result: FetchResult): number {
    return this.fetcher.counts.get(result)!;
  }
}

describe('a fetcher of keys', () => {
  let issuer: IssuerServer;
  let stage: Stage;
  beforeEach(async () => {
    issuer = await startIssuer();
  });
  afterEach(async () => {
    stage.fetcher.stop();
    await issuer.close();
  });

  const open = (changes: Partial<JwksSource> = {}, times = SHORT): Stage => {
    stage = new Stage(sourceOf(issuer.url, changes), times);
    return stage;
  };

  it('has nothing before its first fetch, then what came', async () => {
    const { fetcher } = open();
    assert.deepEqual(
      [stage.state, fetcher.set.text, fetcher.fetchedAtMs],
      ['never', '', undefined],
    );
    await fetcher.refresh();
    assert.deepEqual([stage.state, fetcher.set.text], ['fresh', jwks('one')]);
    assert.equal(fetcher.fetchedAtMs, stage.now);
    assert.equal(stage.changes, 1);
  });

  it('says nothing of a set that is the same again, and says that of another', async () => {
    const { fetcher } = open();
    await fetcher.refresh();
    await fetcher.refresh();
    assert.deepEqual([stage.count('ok'), stage.changes], [2, 1]);
    issuer.answer = answerWith(jwks('two'));
    await fetcher.refresh();
    assert.deepEqual([stage.count('ok'), stage.changes], [3, 2]);
    assert.equal(fetcher.set.text, jwks('two'));
  });

  it('fetches once for all that ask at a time', async () => {
    const { fetcher } = open();
    await Promise.all(Array.from({ length: 50 }, () => fetcher.refresh()));
    assert.equal(issuer.asked.length, 1);
  });

  const bad: [name: string, want: FetchResult, text: string, headers: object, status: number][] = [
    ['HTML', 'content_type', '<html>', { 'content-type': 'text/html' }, 200],
    ['500', 'status', jwks('two'), {}, 500],
    ['2 MiB', 'too_large', 'x'.repeat(2 ** 21), {}, 200],
    ['10,000 keys', 'invalid', jwks(...Array.from({ length: 1e4 }, (_, i) => `k${i}`)), {}, 200],
    ['no JSON', 'invalid', '{"keys": [', {}, 200],
    ['no JWK set', 'invalid', '[]', {}, 200],
    ['nothing', 'invalid', '', {}, 200],
    ['a redirect to another host', 'redirect', '', { location: 'https://x.example/' }, 302],
  ];
  for (const [name, want, text, headers, status] of bad) {
    it(`keeps the last good set, counts and tells it once: ${name}`, async () => {
      const { fetcher, log } = open();
      await fetcher.refresh();
      issuer.answer = answerWith(text, { ...headers }, status);
      stage.now += 5_000;
      for (let i = 0; i < 3; i++) await fetcher.refresh();
      const { set } = fetcher;
      assert.deepEqual([set.state, set.text, set.sinceMs], ['stale', jwks('one'), stage.now]);
      assert.equal(fetcher.fetchedAtMs, stage.now - 5_000);
      assert.ok(stage.count(want) >= 3);
      assert.equal(stage.count('ok'), 1);
      const warnings = log.filter(({ level }) => level === 40);
      assert.equal(warnings.length, 1);
      const [{ issuer: told, result, keys }] = warnings as [Record<string, unknown>];
      assert.deepEqual([told, result, keys], ['pay/ci', want, 'the last good ones']);
      issuer.answer = answerWith(jwks('two'));
      await fetcher.refresh();
      assert.deepEqual([stage.state, fetcher.set.text], ['fresh', jwks('two')]);
      assert.equal(log.filter(({ level }) => level === 30).length, 1);
      assert.equal(stage.changes, 3);
    });
  }

  it('has never had keys while the first fetches fail, and tries again by itself', async () => {
    issuer.answer = answerWith('', {}, 503);
    const { fetcher } = open();
    await fetcher.refresh();
    await until(() => stage.count('status') >= 4);
    assert.deepEqual([stage.state, stage.changes], ['never', 0]);
    issuer.answer = answerWith(jwks('one'));
    await until(() => stage.state === 'fresh');
  });

  it('gives a stale set up when its time is over, and takes the next good one', async () => {
    const { fetcher } = open({ staleMs: 60_000 });
    await fetcher.refresh();
    issuer.answer = answerWith('', {}, 500);
    await fetcher.refresh();
    assert.equal(stage.state, 'stale');
    stage.now += 59_999;
    await fetcher.refresh();
    assert.equal(stage.state, 'stale');
    stage.now += 1;
    await until(() => stage.state === 'expired');
    assert.equal(fetcher.set.text, '', 'no key is left');
    assert.equal(stage.changes, 3);
    issuer.answer = answerWith(jwks('two'));
    await until(() => stage.state === 'fresh');
  });

  it('gives it up by itself, also while a server hangs', async () => {
    const { fetcher } = open({ staleMs: 100 });
    await fetcher.refresh();
    issuer.answer = () => undefined;
    const before = Date.now();
    const clock = setInterval(() => {
      stage.now = Date.now();
    }, 5);
    await until(() => {
      void fetcher.refresh();
      return stage.state === 'expired';
    });
    clearInterval(clock);
    assert.ok(Date.now() - before < 2_000);
  });

  it('gives it up at once where nothing stale may be used', async () => {
    const { fetcher } = open({ staleMs: 0 });
    await fetcher.refresh();
    issuer.answer = answerWith('', {}, 500);
    await fetcher.refresh();
    assert.equal(stage.state, 'expired');
  });

  it('fetches for an unknown key once in 30 s, whoever asks how often', async () => {
    const { fetcher } = open({}, FETCHER_TIMES);
    await fetcher.refresh();
    const ask = async (): Promise<number> => {
      for (let i = 0; i < 1_000; i++) fetcher.askForUnknownKey();
      await fetcher.refresh();
      return issuer.asked.length;
    };
    fetcher.askForUnknownKey();
    await until(() => stage.count('ok') === 2);
    for (let i = 0; i < 1_000; i++) fetcher.askForUnknownKey();
    stage.now += 29_999;
    fetcher.askForUnknownKey();
    await sleep(30);
    assert.equal(issuer.asked.length, 2);
    stage.now += 1;
    assert.equal(await ask(), 3, 'the fetch that was asked for is the one on its way');
    stage.now -= 3_600_000;
    fetcher.askForUnknownKey();
    await until(() => issuer.asked.length === 4);
  });

  it('ends with nothing left to do, also in the middle of a fetch', async () => {
    issuer.answer = () => undefined;
    const { fetcher } = open();
    const fetching = fetcher.refresh();
    await until(() => issuer.asked.length === 1);
    fetcher.stop();
    await fetching;
    await fetcher.refresh();
    fetcher.askForUnknownKey();
    assert.equal(issuer.asked.length, 1);
    assert.deepEqual([stage.state, stage.changes, stage.count('timeout')], ['never', 0, 0]);
  });
});

describe('the time until the next fetch', () => {
  const { intervalMs, intervalMsMin, intervalMsMax, retryMs, retryMsMax } = FETCHER_TIMES;

  const refreshes: [maxAgeMs: number | undefined, random: number, want: number][] = [
    [undefined, 0.5, intervalMs],
    [600_000, 0.5, 600_000],
    [600_000, 0, 540_000],
    [600_000, 1, 660_000],
    [0, 0, intervalMsMin],
    [10_000, 1, intervalMsMin],
    [60_000, 1, 66_000],
    [86_400_000, 0.5, intervalMsMax],
    [999_999_999_000, 1, intervalMsMax],
  ];
  for (const [maxAgeMs, random, want] of refreshes) {
    it(`is ${want} ms after a set of age ${maxAgeMs}, by chance ${random}`, () =>
      assert.equal(Math.round(refreshDelayMs(maxAgeMs, random, FETCHER_TIMES)), want));
  }

  const retries: [failures: number, random: number, want: number][] = [
    [0, 0.5, retryMs],
    [0, 0, 900],
    [1, 0.5, 2 * retryMs],
    [2, 1, 4_400],
    [6, 0.5, retryMsMax],
    [10_000, 0.5, retryMsMax],
  ];
  for (const [failures, random, want] of retries) {
    it(`is ${want} ms when ${failures} failed before, by chance ${random}`, () =>
      assert.equal(Math.round(retryDelayMs(failures, random, FETCHER_TIMES)), want));
  }
});
