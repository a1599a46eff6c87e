// What a rotation is shown on: `remit serve` in a process of its own with two acceptors and two
// evaluators in its pool, connections of which some lead to each acceptor, load over all of them,
// and the metric that says which keys each thread verifies with.

import assert from 'node:assert/strict';
import { addressText } from '../../server/address.ts';
import { CheckClient } from '../support/check_client.ts';
import type { Folder } from '../support/folder.ts';
import { writeBundle } from '../support/mesh.ts';
import { type ServeProcess, startServe } from '../support/process.ts';
import { RECORD_FILES } from '../support/server.ts';
import { until } from '../support/wait.ts';
import { Agent } from './agent.ts';
import { CERTIFICATES, callBy, ROTATING_MESH, type Shown, TOKENS } from './rotating_mesh.ts';

const THREADS = ['acceptor-0', 'acceptor-1'] as const;
const CONNECTIONS_A_THREAD = 2;
/** The kernel chooses the acceptor of a connection; so many that all go to one are no chance. */
const CONNECTIONS_MAX = 64;
/** Not what is tested here, on a machine that does other things as well. */
const TIMEOUT = { timeoutMs: 10_000 };

interface Connection {
  readonly client: CheckClient;
  /** The acceptor it leads to. */
  readonly thread: string;
}

/** Of the certificates and of the tokens that callers show by now. */
export interface Generations {
  certificates: number;
  tokens: number;
}

export type Bundles = Parameters<Agent['say']>[0];

export class RotationStage {
  readonly agent: Agent;
  readonly #remit: ServeProcess;
  #connections: readonly Connection[] = [];
  readonly newest: Generations = { certificates: 0, tokens: 0 };

  private constructor(agent: Agent, remit: ServeProcess) {
    this.agent = agent;
    this.#remit = remit;
  }

  /** The Workload API has said nothing yet. */
  static async start(folder: Folder): Promise<RotationStage> {
    const socket = `unix:${folder.at('agent.sock')}`;
    const agent = await Agent.start(socket);
    writeBundle(folder.at('policies'), ROTATING_MESH);
    const config = `policies: ./policies
trustDomain: mesh.example
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
threads: {acceptors: 2, pool: 2}
workloadApi: "${socket}"
${RECORD_FILES}
`;
    const remit = await startServe(folder.write('remit.yaml', config));
    const stage = new RotationStage(agent, remit);
    stage.#connections = await stage.#connect();
    return stage;
  }

  async stop(): Promise<void> {
    for (const { client } of this.#connections) client.close();
    await this.#remit.stop();
    await this.agent.crash();
  }

  async metric(series: string): Promise<number> {
    return seriesOf(await this.#metrics(), series);
  }

  publish(bundles: Bundles): Promise<void> {
    return this.change(() => this.agent.say(bundles));
  }

  /** Resolves when the metric shows on every thread what the agent says then. */
  async change(act: () => Promise<void>): Promise<void> {
    const before = await this.#versions();
    await act();
    await until(async () => {
      const { control, others } = await this.#versions();
      return control > before.control && others.every((version) => version === control);
    });
  }

  /** What is asked at once over every connection, in place and in the pool, ends so. */
  async assertAll(shown: readonly Shown[], generation: number, want: string): Promise<void> {
    const answers = this.#connections.flatMap(({ client, thread }) =>
      shown.flatMap((it) =>
        [false, true].map(async (isLarge) => {
          const { result } = await client.check(callBy(it, generation, isLarge), TIMEOUT);
          return `${it} ${generation} on ${thread}, ${isLarge ? 'pool' : 'in place'}: ${result}`;
        }),
      ),
    );
    const wrong = (await Promise.all(answers)).filter((it) => !it.endsWith(`: ${want}`));
    assert.deepEqual(wrong, [], `all are to end with ${want}`);
  }

  load(): Load {
    return new Load(
      this.#connections.map(({ client }) => client),
      this.newest,
    );
  }

  /** Requests that each acceptor has answered. */
  async answered(): Promise<readonly number[]> {
    const text = await this.#metrics();
    return THREADS.map((it) => seriesOf(text, `remit_thread_requests_total{thread="${it}"}`));
  }

  async #connect(): Promise<readonly Connection[]> {
    const connections: Connection[] = [];
    const needed = (thread: string) =>
      connections.filter((it) => it.thread === thread).length < CONNECTIONS_A_THREAD;
    for (let tries = 0; tries < CONNECTIONS_MAX && THREADS.some(needed); tries++) {
      const client = new CheckClient(this.#remit.check[0]!);
      const before = await this.answered();
      await client.check(callBy('certificate', 0, false), TIMEOUT);
      const after = await this.answered();
      const thread = THREADS.find((_, index) => after[index] === before[index]! + 1);
      assert.ok(thread !== undefined, 'one acceptor has answered it');
      if (needed(thread)) connections.push({ client, thread });
      else client.close();
    }
    assert.equal(connections.length, THREADS.length * CONNECTIONS_A_THREAD);
    return connections;
  }

  async #versions(): Promise<{ control: number; others: readonly number[] }> {
    const text = await this.#metrics();
    const of = (thread: string) => seriesOf(text, `remit_key_sets_version{thread="${thread}"}`);
    return { control: of('control'), others: THREADS.map(of) };
  }

  async #metrics(): Promise<string> {
    return (await fetch(`http://${addressText(this.#remit.http)}/metrics`)).text();
  }
}

/** A series that is not there would be 0 for ever, and nobody would know. */
function seriesOf(text: string, series: string): number {
  const line = text.split('\n').find((it) => it.startsWith(`${series} `));
  assert.ok(line !== undefined, `/metrics has no ${series}`);
  return Number(line.slice(series.length + 1));
}

/** Over every connection without a pause, by what is the newest when a request is sent. */
export class Load {
  readonly #results = new Map<string, number>();
  readonly #laps: number[];
  readonly #running: Promise<unknown>;
  #isStopping = false;

  constructor(clients: readonly CheckClient[], newest: Generations) {
    this.#laps = clients.map(() => 0);
    this.#running = Promise.all(clients.map((client, at) => this.#go(client, at, newest)));
  }

  /** Resolves when all that was sent before has been answered, and more since. */
  async lap(): Promise<void> {
    const wanted = this.#laps.map((laps) => laps + 2);
    await until(() => this.#laps.every((laps, at) => laps >= wanted[at]!));
  }

  /** @returns how many requests there were */
  assertAllAllowed(): number {
    assert.deepEqual([...this.#results.keys()], ['allow']);
    return this.#results.get('allow')!;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #go(client: CheckClient, at: number, newest: Generations): Promise<void> {
    while (!this.#isStopping) {
      const { certificates, tokens } = newest;
      // Each is for the pool in every second lap.
      const isLarge = (index: number) => (this.#laps[at]! + index) % 2 === 0;
      const calls = [
        ...CERTIFICATES.map((shown, index) => callBy(shown, certificates, isLarge(index))),
        ...TOKENS.map((shown, index) => callBy(shown, tokens, isLarge(index))),
      ];
      await Promise.all(calls.map((bytes) => this.#ask(client, bytes)));
      this.#laps[at]!++;
    }
  }

  async #ask(client: CheckClient, bytes: Buffer): Promise<void> {
    const result = await client.check(bytes, TIMEOUT).then(
      (answered) => answered.result,
      (error: unknown) => String(error),
    );
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1);
  }
}
