// Follows the policy folder and the key files its documents name. Looks at them every second
// instead of waiting for events: that sees Kubernetes' swaps of symbolic links, new subfolders and
// network file systems alike. A change has to have settled: it is loaded when two looks in a row
// see the same, so that nothing is read while it is being written.

import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BundleImage } from '../engine/bundle_image.ts';
import { formatDiagnostic } from '../engine/diagnostic.ts';
import type { Settings } from '../engine/settings.ts';
import type { LoadResult } from './load.ts';
import { fileState, listFiles } from './load_bundle.ts';
import { loadAside } from './load_process.ts';

/** So many mistakes are logged; `remit validate` tells all. */
const LOGGED_MAX = 20;
const RESULTS = ['activated', 'unchanged', 'partly', 'failed'] as const;
type Result = (typeof RESULTS)[number];

export interface ReloaderOptions {
  readonly path: string;
  readonly settings: Settings;
  readonly pollMs: number;
  readonly log: Logger;
  readonly registry: Registry;
  readonly activate: (image: BundleImage) => Promise<void>;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  #current: BundleImage;
  /** Its documents, packed. */
  #content: Uint8Array;
  #keyFiles: readonly string[];
  #version: number;
  /** The state of all files when the last load read them, and at the last look. */
  #loaded: string;
  #seen: string;
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<unknown> | undefined;
  #stopped = false;
  #activating = false;
  readonly #abort = new AbortController();
  readonly #counts = new Map<Result, number>(RESULTS.map((result) => [result, 0]));
  #failed = false;

  constructor(
    options: ReloaderOptions,
    image: BundleImage,
    { keyFiles, state, content }: Pick<LoadResult, 'keyFiles' | 'state' | 'content'>,
  ) {
    this.#options = options;
    this.#current = image;
    this.#content = content;
    this.#keyFiles = keyFiles;
    this.#loaded = state;
    this.#seen = state;
    this.#version = image.version;
    this.#register(options.registry);
  }

  /** Loads now, whether anything seems to have changed or not. */
  async reload(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
    this.#busy = this.#load();
    await this.#busy;
    this.#busy = undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    // What is loading would be of no use any more.
    this.#abort.abort();
    await this.#busy;
  }

  /** Looks again and again, until it is stopped. */
  follow(): void {
    const { pollMs } = this.#options;
    if (this.#stopped || pollMs === 0) return;
    this.#timer = setTimeout(() => {
      void this.#poll().finally(() => this.follow());
    }, pollMs);
  }

  async #poll(): Promise<void> {
    const now = this.#look();
    const settled = now === this.#seen;
    this.#seen = now;
    if (!settled || now === this.#loaded) return;
    while (this.#busy !== undefined) await this.#busy;
    // A SIGHUP may have loaded just this meanwhile.
    if (now !== this.#loaded) await this.reload();
  }

  async #load(): Promise<void> {
    const { path, settings, log } = this.#options;
    const version = ++this.#version;
    try {
      const { digest, counts } = this.#current;
      const lastGood = { digest, documents: counts.documents, content: this.#content };
      const task = { path, settings, version, lastGood };
      const loaded = await loadAside(task, this.#abort.signal);
      for (const diagnostic of loaded.diagnostics.slice(0, LOGGED_MAX)) {
        log.warn({ bundle: formatDiagnostic(diagnostic) }, 'the bundle has a mistake');
      }
      this.#keyFiles = loaded.keyFiles;
      this.#loaded = loaded.state;
      await this.#use(loaded);
    } catch (error) {
      if (this.#stopped) return;
      this.#note('failed');
      // Loading fails again until something changes. Activating may have met a thread that died.
      this.#loaded = this.#activating ? '' : this.#look();
      this.#activating = false;
      log.error({ err: error }, 'the bundle could not be loaded; the last good one stays in force');
    }
  }

  async #use({ image, content, kept }: LoadResult): Promise<void> {
    const { log, activate } = this.#options;
    if (image === undefined) {
      this.#note('failed');
      log.error('the bundle is not valid; the last good one stays in force');
    } else if (image.digest === this.#current.digest) {
      this.#note('unchanged');
    } else {
      this.#activating = true;
      await activate(image);
      this.#activating = false;
      this.#current = image;
      this.#content = content;
      this.#note(kept === 'nothing' ? 'activated' : 'partly');
      const { version, proofDigest, policyDigest, counts } = image;
      const fields = { version, rules: counts.rules, proofDigest, policyDigest };
      if (kept === 'nothing') log.info(fields, 'a new bundle is in force');
      else log.error({ ...fields, kept }, 'a part of the new bundle is in force');
    }
  }

  #note(result: Result): void {
    this.#counts.set(result, this.#counts.get(result)! + 1);
    this.#failed = result === 'failed' || result === 'partly';
  }

  #look(): string {
    return [...listFiles(this.#options.path), ...this.#keyFiles].map(fileState).join('');
  }

  #register(registry: Registry): void {
    const counts = this.#counts;
    new Counter({
      name: 'remit_reloads_total',
      help: 'Loads of the bundle after the first; partly: beside the last good rest',
      labelNames: ['result'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [result, count] of counts) this.inc({ result }, count);
      },
    });
    const failed = (): boolean => this.#failed;
    new Gauge({
      name: 'remit_reload_failed',
      help: '1 while the files say something else than what is in force, because it is not valid',
      registers: [registry],
      collect() {
        this.set(failed() ? 1 : 0);
      },
    });
  }
}
