// A `remit serve` on a loopback port under attack: its memory is sampled, and an honest caller goes
// on asking.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MiB } from '../../engine/limits.ts';
import { readAnswer } from '../fuzz/answer.ts';
import { encodeRequest } from '../fuzz/oracle.ts';
import { ALLOWED_SEEDS, BUNDLE, DENIED_SEEDS, TRUST_DOMAIN } from '../fuzz/seeds.ts';
import { CheckClient } from '../support/check_client.ts';
import type { Folder } from '../support/folder.ts';
import { type ServeProcess, startServe } from '../support/process.ts';
import type { AttackName } from './attacks.ts';

const SAMPLE_MS = 50;
const CALL_MS = 10;

export const [ALLOWED] = ALLOWED_SEEDS.map(encodeRequest) as [Buffer];
const [DENIED] = DENIED_SEEDS.map(encodeRequest) as [Buffer];

export interface Siege {
  /** Before, at the end of the first half, and the most in the second. */
  readonly rssMiB: { readonly before: number; readonly half: number; readonly most: number };
  /** Of the honest caller during the attack. */
  readonly calls: number;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Answers that were none, or not the ones that the policies give. */
  readonly wrong: readonly string[];
  readonly did: number;
  /** Open at the server, at its most. */
  readonly openMost: number;
}

export class Besieged {
  readonly #serve: ServeProcess;
  readonly port: number;

  private constructor(serve: ServeProcess) {
    this.#serve = serve;
    const [address] = serve.check;
    if (address?.kind !== 'tcp') throw new Error('it listens on no port');
    this.port = address.port;
  }

  static async start(folder: Folder, limits = ''): Promise<Besieged> {
    folder.write('bundle.yaml', BUNDLE);
    const config = `policies: ./bundle.yaml
trustDomain: ${TRUST_DOMAIN}
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}
limits: {deadlineMs: 10000, ${limits}}
`;
    const besieged = new Besieged(await startServe(folder.write('remit.yaml', config)));
    await besieged.#warm();
    return besieged;
  }

  get rssMiB(): number {
    const status = readFileSync(`/proc/${this.#serve.pid}/status`, 'utf8');
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024) / MiB;
  }

  /** Sockets and files that the process has open. */
  get open(): number {
    return readdirSync(`/proc/${this.#serve.pid}/fd`).length;
  }

  get log(): string {
    return this.#serve.stderr();
  }

  stop(): ReturnType<ServeProcess['stop']> {
    return this.#serve.stop();
  }

  /** The attack for so long, beside a caller that had its connection before. */
  async siege(name: AttackName, forMs: number): Promise<Siege> {
    const caller = new HonestCaller(this.port);
    await caller.call();
    const before = this.rssMiB;
    const workerData = { name, port: this.port, allowed: ALLOWED };
    const attacker = new Worker(new URL('./attacker.ts', import.meta.url), { workerData });
    const ended = new Promise<number>((resolve, reject) => {
      attacker.once('message', resolve).once('error', reject);
    });
    let half = 0;
    let most = 0;
    let openMost = 0;
    const startedMs = performance.now();
    const calling = caller.callUntil(startedMs + forMs);
    for (let nowMs = startedMs; nowMs < startedMs + forMs; nowMs = performance.now()) {
      const rss = this.rssMiB;
      openMost = Math.max(openMost, this.open);
      if (nowMs < startedMs + forMs / 2) half = Math.max(half, rss);
      else most = Math.max(most, rss);
      await sleep(SAMPLE_MS);
    }
    await calling;
    attacker.postMessage('stop');
    const did = await ended;
    await attacker.terminate();
    // And afterwards.
    await caller.call();
    const { calls, medianMs, slowestMs, wrong } = caller.close();
    return { rssMiB: { before, half, most }, calls, medianMs, slowestMs, wrong, did, openMost };
  }

  /** Compiled code, caches and heap have their size before anything is measured. */
  async #warm(): Promise<void> {
    const client = new CheckClient({ kind: 'tcp', host: '127.0.0.1', port: this.port });
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 50 }, () => client.send(ALLOWED)));
    }
    client.close();
  }
}

/** Asks one question after the other, an allowed and a denied one by turns. */
class HonestCaller {
  readonly #client: CheckClient;
  readonly #times: number[] = [];
  readonly #wrong: string[] = [];

  constructor(port: number) {
    this.#client = new CheckClient({ kind: 'tcp', host: '127.0.0.1', port });
  }

  async call(): Promise<void> {
    const [bytes, want] =
      this.#times.length % 2 === 0 ? ([ALLOWED, 'allow'] as const) : ([DENIED, 'deny'] as const);
    const startedMs = performance.now();
    try {
      const { outcome, reason } = readAnswer(await this.#client.send(bytes, { timeoutMs: 10_000 }));
      // A refusal for lack of time is an answer too: early, and no allow (DESIGN 5.4).
      const refused = outcome === 'deny' && /^sys\.(overloaded|deadline)$/.test(reason);
      if (outcome !== want && !refused) this.#wrong.push(`${outcome} ${reason}`);
    } catch (error) {
      this.#wrong.push(String(error));
    }
    this.#times.push(performance.now() - startedMs);
  }

  async callUntil(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      await this.call();
      await sleep(CALL_MS);
    }
  }

  close(): Pick<Siege, 'calls' | 'medianMs' | 'slowestMs' | 'wrong'> {
    this.#client.close();
    const sorted = this.#times.toSorted((a, b) => a - b);
    const medianMs = sorted[Math.floor(sorted.length / 2)]!;
    return { calls: sorted.length, medianMs, slowestMs: sorted.at(-1)!, wrong: this.#wrong };
  }
}
