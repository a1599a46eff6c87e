// The acceptors as the control thread sees them: starts them, replaces one that died, and makes
// them all agree on a snapshot before it is in force (DESIGN section 4).

import { createServer } from 'node:net';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { BundleImage } from '../engine/bundle_image.ts';
import { type KeyImage, NO_KEY_IMAGE } from '../engine/key_image.ts';
import type { ActiveNumbers } from '../workers/active_numbers.ts';
import { newNonceKey } from '../workers/dpop_nonces.ts';
import type { HandOffPlan } from '../workers/identity_signer.ts';
import { SharedUsedProofs } from '../workers/used_proofs.ts';
import { type Acceptor, prepare, send, waitFor } from './acceptor_handle.ts';
import type { AcceptorPlan, FromAcceptor, Prepare } from './acceptor_messages.ts';
import { type Address, addressText } from './address.ts';
import type { ResolvedConfig } from './config.ts';
import { Counters } from './counters.ts';
import { type RecordMemories, recordMemories } from './record_memory.ts';
import type { TlsMaterial } from './tls_material.ts';

/** A thread that dies at once, again and again, is not started in a tight loop. */
const RESTART_MS = 200;
/**
 * Each stream is some 20 KB that die with its answer. With Node's own bound (192) a collection came
 * so late that much had outlived the one before and grew old: 1,500 ms of collecting for 80,000
 * requests, against 740 with this one, and 80 MiB more (docs/performance.md).
 */
const YOUNG_GENERATION_MIB = 32;
/** Beyond draining: what a thread may take to end. */
const STOP_EXTRA_MS = 3_000;
/** As in listener.ts: sockets are the owner's alone. A worker cannot set it. */
const SOCKET_UMASK = 0o177;

export interface AcceptorsOptions {
  readonly config: ResolvedConfig;
  readonly numbers: ActiveNumbers;
  readonly log: Logger;
  /** Told of each memory that an acceptor will write its records to. */
  readonly onRecords: (memories: RecordMemories) => void;
  /** What they start with; undefined: TCP is plaintext. */
  readonly tls: TlsMaterial | undefined;
  readonly handOff: HandOffPlan | undefined;
}

export class Acceptors {
  readonly #options: AcceptorsOptions;
  readonly #acceptors: Acceptor[] = [];
  #image: BundleImage;
  #tls: TlsMaterial | undefined;
  /** Counts up with each material. */
  #tlsVersion = 1;
  readonly #used = new SharedUsedProofs();
  readonly #nonceKey = newNonceKey();
  #keys: KeyImage = NO_KEY_IMAGE;
  readonly #preparing = new Map<Prepare['of'], Prepare>();
  #serving = false;
  #stopping = false;
  addresses: readonly Address[] = [];

  private constructor(options: AcceptorsOptions, image: BundleImage) {
    this.#options = options;
    this.#image = image;
    this.#tls = options.tls;
  }

  /** Resolves when all of them listen; rejects with one line that says what is in the way. */
  static async start(options: AcceptorsOptions, image: BundleImage): Promise<Acceptors> {
    const acceptors = new Acceptors(options, image);
    try {
      await acceptors.#startAll();
    } catch (error) {
      await acceptors.stop();
      throw error;
    }
    return acceptors;
  }

  get counters(): readonly Counters[] {
    return this.#acceptors.map(({ counters }) => counters);
  }

  /** The key sets that each of them verifies with. */
  get keysVersions(): readonly (readonly [thread: string, version: number])[] {
    return this.#acceptors.map(({ plan, counters }) => [plan.name, counters.figure('keysVersion')]);
  }

  /** The TLS material that each of them serves and verifies by, and that they were told to. */
  get tlsVersions(): readonly (readonly [thread: string, version: number])[] {
    const held = this.#acceptors.map(
      ({ plan, counters }) => [plan.name, counters.figure('tlsVersion')] as const,
    );
    return [['control', this.#tlsVersion], ...held];
  }

  /** Makes every thread build the image; only then it is in force, for all of them at once. */
  activate(image: BundleImage): Promise<void> {
    return this.#activate({ kind: 'prepare', of: 'bundle', image }, () => {
      this.#image = image;
      this.#options.numbers.activate(image.version);
    });
  }

  /** The same of key sets, independent of bundles; one at a time. */
  activateKeys(image: KeyImage): Promise<void> {
    return this.#activate({ kind: 'prepare', of: 'keys', image }, () => {
      this.#keys = image;
      this.#options.numbers.activateKeys(image.version);
    });
  }

  async #activate(message: Prepare, putInForce: () => void): Promise<void> {
    const { of } = message;
    this.#preparing.set(of, message);
    try {
      await Promise.all(this.#acceptors.map((acceptor) => prepare(acceptor, message)));
      putInForce();
    } finally {
      this.#preparing.delete(of);
    }
    // Whoever is asked nothing meanwhile would keep the image before, which may be large.
    await Promise.allSettled(this.#acceptors.map((acceptor) => prepare(acceptor, message)));
  }

  setServing(value: boolean): void {
    this.#serving = value;
    for (const acceptor of this.#acceptors) send(acceptor, { kind: 'serving', value });
  }

  /** For handshakes from now on, and for those that were admitted before. */
  setTls(material: TlsMaterial): void {
    this.#tls = material;
    const version = ++this.#tlsVersion;
    for (const acceptor of this.#acceptors) send(acceptor, { kind: 'tls', material, version });
  }

  /** Answers what was accepted, then ends the threads. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#acceptors.map((acceptor) => this.#stopOne(acceptor)));
  }

  async #startAll(): Promise<void> {
    const { config } = this.#options;
    const { check } = config.listen;
    const tcp = check.filter((address) => address.kind === 'tcp');
    if (config.acceptors > 1) for (const address of tcp) await assertFree(address);
    const first = this.#add(0, check);
    this.addresses = await this.#startOne(first);
    // From now on they listen where the first one does, also when that was any free port. A unix
    // socket is one acceptor's: two cannot share a path.
    first.plan = { ...first.plan, listen: this.addresses };
    const shared = this.addresses.filter((address) => address.kind === 'tcp');
    for (let index = 1; index < config.acceptors; index++) this.#add(index, shared);
    await Promise.all(this.#acceptors.slice(1).map((acceptor) => this.#startOne(acceptor)));
  }

  #add(index: number, listen: readonly Address[]): Acceptor {
    const { config, numbers, handOff } = this.#options;
    const { acceptors: count, poolThreads } = config;
    const share = Math.floor(poolThreads / count) + (index < poolThreads % count ? 1 : 0);
    const counters = new Counters();
    const records = recordMemories(config.records.bufferBytes);
    this.#options.onRecords(records);
    const acceptor: Acceptor = {
      plan: {
        name: `acceptor-${index}`,
        config,
        poolThreads: poolThreads === 0 ? 0 : Math.max(1, share),
        listen,
        shared: count > 1,
        numbers: numbers.buffer,
        used: this.#used.buffer,
        nonceKey: this.#nonceKey,
        handOff,
        counters: counters.buffer,
        records,
      },
      counters,
      worker: undefined,
      waiting: new Set(),
    };
    this.#acceptors.push(acceptor);
    return acceptor;
  }

  async #startOne(acceptor: Acceptor): Promise<readonly Address[]> {
    // From sources it is TypeScript, in the published package JavaScript.
    const file = new URL(`acceptor_thread${extname(import.meta.filename)}`, import.meta.url);
    const unix = acceptor.plan.listen.some(({ kind }) => kind === 'unix');
    const before = unix ? process.umask(SOCKET_UMASK) : undefined;
    const tls = { tls: this.#tls, tlsVersion: this.#tlsVersion };
    const inForce = { image: this.#image, keys: this.#keys, ...tls };
    const workerData: AcceptorPlan = { ...acceptor.plan, ...inForce };
    // Its standard output is nobody's: the control thread's may be a pipe that has broken.
    const { name } = acceptor.plan;
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB };
    const worker = new Worker(file, { workerData, name, stdout: true, resourceLimits });
    acceptor.worker = worker;
    let failure = 'it ended before it listened';
    worker.on('error', (error) => {
      failure = error instanceof Error ? error.message : String(error);
    });
    worker.on('message', (message: FromAcceptor) => this.#receive(acceptor, message));
    worker.on('exit', () => {
      acceptor.worker = undefined;
      for (const wait of acceptor.waiting) wait({ kind: 'failed', message: failure });
    });
    try {
      const message = await waitFor(
        acceptor,
        (it) => it.kind === 'listening' || it.kind === 'failed',
      );
      if (message.kind !== 'listening') throw new Error((message as { message: string }).message);
      worker.on('exit', () => void this.#replace(acceptor));
      if (this.#serving) send(acceptor, { kind: 'serving', value: true });
      return message.addresses;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      if (before !== undefined) process.umask(before);
    }
  }

  /** Only its own connections broke; others listen on, and it comes back. */
  async #replace(acceptor: Acceptor): Promise<void> {
    const { log } = this.#options;
    while (!this.#stopping) {
      log.error({ acceptor: acceptor.plan.name }, 'an acceptor died; another takes its place');
      try {
        await this.#startOne(acceptor);
        // What is being prepared meanwhile is prepared for it as well, or it could not go on.
        for (const message of this.#preparing.values()) await prepare(acceptor, message);
        log.info({ acceptor: acceptor.plan.name }, 'the acceptor is back');
        return;
      } catch (error) {
        log.error({ err: error }, 'the acceptor cannot be started again');
        await sleep(RESTART_MS);
      }
    }
  }

  #receive(acceptor: Acceptor, message: FromAcceptor): void {
    if (message.kind === 'log') {
      const { log } = this.#options;
      log[message.level]({ acceptor: acceptor.plan.name }, message.message);
    }
    for (const wait of acceptor.waiting) {
      if (wait(message)) acceptor.waiting.delete(wait);
    }
  }

  async #stopOne(acceptor: Acceptor): Promise<void> {
    const { worker } = acceptor;
    if (worker === undefined) return;
    const stopped = waitFor(
      acceptor,
      (it) => it.kind === 'stopped' || it.kind === 'failed',
      this.#options.config.limits.drainMs + STOP_EXTRA_MS,
    );
    send(acceptor, { kind: 'stop' });
    await stopped.catch(() => undefined);
    await worker.terminate();
  }
}

/** A shared port binds beside another process's shared port; so it is tried alone first. */
async function assertFree(address: Address & { readonly kind: 'tcp' }): Promise<void> {
  if (address.port === 0) return;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
      reject(new Error(`cannot listen on ${addressText(address)}: ${why}`));
    });
    const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
    probe.listen({ host, port: address.port, exclusive: true }, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}
