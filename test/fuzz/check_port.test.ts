// "Must show" 5: whatever bytes reach the check port, the RPC succeeds and the answer is what the
// official .proto files and the naive evaluator make of them (C-001 C-111). Allowed requests are
// among them, so an answer that always denies would fail as well.

import assert from 'node:assert/strict';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { Random, seedOfRun } from '../agreement/random.ts';
import { naiveBundle } from '../naive/evaluate.ts';
import type { NaiveSettings } from '../naive/request.ts';
import { type Expected, readAnswer } from './answer.ts';
import { MessageSource } from './message_source.ts';
import { Oracle } from './oracle.ts';
import { BUNDLE, TRUST_DOMAIN } from './seeds.ts';
import { ServerProcess } from './server_process.ts';

const MESSAGES = 100_000;
/** Enough that neither side waits for the other; below the streams of one connection. */
const IN_FLIGHT_MAX = 768;
const ALLOWED_SHARE_MIN = 0.05;
const SAMPLE_EVERY = 1_000;
/** Of the medians of the third and the fourth quarter. */
const GROWTH_MAX = 0.1;
const GROWTH_MIB_MAX = 20;

const SETTINGS: NaiveSettings = {
  trustDomain: TRUST_DOMAIN,
  pathNormalization: 'DECODE_AND_MERGE_SLASHES',
  ambiguousPaths: 'deny',
};

function makeOracle(): Oracle {
  const diagnostics = new Diagnostics();
  const bundle = parseBundle([{ name: 'bundle.yaml', text: BUNDLE }], diagnostics);
  assert.deepEqual(diagnostics.list, []);
  return new Oracle(naiveBundle(bundle), SETTINGS);
}

/** Sends messages, so many at a time, and compares each answer with what the oracle foretold. */
class FuzzRun {
  readonly reasons = new Map<string, number>();
  readonly rssMiB: number[] = [];
  answered = 0;
  readonly #server: ServerProcess;
  readonly #oracle = makeOracle();
  #inFlight = 0;
  #failure: unknown;
  #wake: () => void = () => {};

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Resolves when one more message may be sent; a failure of any answer is thrown here. */
  async send(bytes: Buffer): Promise<void> {
    const expected = this.#oracle.expect(bytes);
    this.#inFlight++;
    this.#compare(bytes, expected)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight--;
        this.#wake();
      });
    await this.#until(() => this.#inFlight < IN_FLIGHT_MAX);
  }

  finish(): Promise<void> {
    return this.#until(() => this.#inFlight === 0);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #compare(bytes: Buffer, expected: Expected): Promise<void> {
    const shown = () => `message ${bytes.toString('base64')}`;
    const response = await this.#server.check(bytes).catch((error: unknown) => {
      throw new Error(`the RPC failed: ${shown()}\n${this.#server.log}`, { cause: error });
    });
    const answer = readAnswer(response);
    if (!same(answer, expected)) assert.deepEqual(answer, expected, shown());
    const reason = expected.reason === '' ? 'allow' : expected.reason;
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
    if (++this.answered % SAMPLE_EVERY === 0) this.rssMiB.push(this.#server.rssMiB());
  }
}

/** Cheaper than an assertion, which is left to say what differs. */
function same(answer: Expected, expected: Expected): boolean {
  return (Object.keys(expected) as (keyof Expected)[]).every(
    (key) => answer[key] === expected[key],
  );
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

describe('the check port', function () {
  this.timeout(120_000);
  let server: ServerProcess;

  before(async () => {
    server = await ServerProcess.start(BUNDLE, TRUST_DOMAIN);
  });

  after(() => server?.stop());

  it('answers the seeds as the oracle says, the allowed ones with an allow', async () => {
    const source = new MessageSource(new Random(1));
    const allowed = new FuzzRun(server);
    for (const seed of source.allowed) await allowed.send(seed);
    await allowed.finish();
    assert.deepEqual([...allowed.reasons.keys()], ['allow']);
    const denied = new FuzzRun(server);
    for (const seed of source.denied) await denied.send(seed);
    await denied.finish();
    assert.ok(!denied.reasons.has('allow'));
    assert.ok(denied.reasons.size >= 10, [...denied.reasons.keys()].join(' '));
  });

  it('answers any bytes by a successful RPC that says what the specification says', async () => {
    const seed = seedOfRun();
    console.log(`      REMIT_SEED=${seed}`);
    const source = new MessageSource(new Random(seed));
    const run = new FuzzRun(server);
    for (let sent = 0; sent < MESSAGES; sent++) await run.send(source.next());
    await run.finish();

    assert.equal(run.answered, MESSAGES);
    const share = (run.reasons.get('allow') ?? 0) / MESSAGES;
    const half = run.rssMiB.slice(run.rssMiB.length / 2);
    const third = median(half.slice(0, half.length / 2));
    const fourth = median(half.slice(half.length / 2));
    const memory = `${third.toFixed(0)} MiB, then ${fourth.toFixed(0)} MiB resident`;
    console.log(`      ${(share * 100).toFixed(1)} % allowed; ${memory}`);
    console.log(
      `      ${[...run.reasons].map(([reason, count]) => `${reason} ${count}`).join(', ')}`,
    );
    assert.ok(share >= ALLOWED_SHARE_MIN, `only ${share} allowed`);
    assert.ok(fourth <= third * (1 + GROWTH_MAX) + GROWTH_MIB_MAX, `memory grows: ${memory}`);
    assert.ok(server.running);
    assert.equal(server.log, '', 'it logged a warning or an error');
  });
});
