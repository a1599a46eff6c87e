// Reads configuration and bundle in a process of its own, which ends afterwards. Parsing takes
// seconds for 10,000 rules; a thread would share helpers and memory with those that serve, and
// leave 35 MiB behind. While others are served it gets only what is left of the processor.

import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import type { BundleImage } from '../engine/bundle_image.ts';
import { IMAGE_FD, readImage } from './image_pipe.ts';
import type { LastGood, LoadResult, LoadTask } from './load.ts';
import type { LoadedConfig } from './load_config.ts';

/** As `nice` has it: a hundredth of what a process of 0 gets where both want all. */
const NICE = 19;

/** What `remit serve` starts with. */
export interface Start extends LoadedConfig {
  /** Undefined where the configuration is. */
  readonly bundle: LoadResult | undefined;
}

/** The bytes of an image have a way of their own, see image_pipe.ts. */
type Sent<T> = Omit<T, 'image'> & { readonly image: SentImage | undefined };
export type SentImage = Omit<BundleImage, 'bytes'>;

export type SentTask =
  | { readonly config: string }
  | { readonly bundle: Omit<LoadTask, 'lastGood'>; readonly lastGood: LastGood };

export type SentResult =
  | { readonly failure: string }
  | (LoadedConfig & { readonly bundle: Sent<LoadResult> | undefined })
  | { readonly loaded: Sent<LoadResult> };

/** Rejects only when the process itself fails, for lack of memory for example, or is given up. */
export async function loadAside(
  { lastGood, ...bundle }: LoadTask & { readonly lastGood: LastGood },
  signal: AbortSignal,
): Promise<LoadResult> {
  const task: SentTask = { bundle, lastGood };
  const { result, bytes } = await run<{ loaded: Sent<LoadResult> }>(task, signal);
  return received(result.loaded, bytes);
}

/** The configuration in this file and the bundle that it names. Rejects when it cannot be read. */
export async function startAside(configFile: string): Promise<Start> {
  const { result, bytes } = await run<LoadedConfig & { bundle?: Sent<LoadResult> }>({
    config: configFile,
  });
  const { bundle, ...config } = result;
  return { ...config, bundle: bundle && received(bundle, bytes) };
}

interface Loaded<R> {
  readonly result: R;
  /** Of the image in it, if there is one. */
  readonly bytes: SharedArrayBuffer;
}

async function run<R>(task: SentTask, signal?: AbortSignal): Promise<Loaded<R>> {
  const file = new URL(`load_child${extname(import.meta.filename)}`, import.meta.url);
  const child = fork(file, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    // What inspects or profiles this process is not for that one.
    execArgv: [],
    // Signals to our group are for us; it ends when we do.
    detached: true,
    signal,
  });
  // Nobody is served before the first bundle is there.
  if (signal !== undefined && child.pid !== undefined) beNice(child.pid);
  const answer = new Promise<R>((resolve, reject) => {
    child.once('message', (result: R | { readonly failure: string }) => {
      const failure = (result as { readonly failure?: string }).failure;
      if (failure === undefined) resolve(result as R);
      else reject(new Error(failure));
      if (child.connected) child.disconnect();
    });
    child.once('error', reject);
    child.once('exit', (code, by) => reject(new Error(`loading ended with ${by ?? code}`)));
    child.send(task, (error) => {
      if (error !== null) reject(error);
    });
  });
  const pipe = child.stdio[IMAGE_FD];
  if (!(pipe instanceof Readable)) throw new Error('the process that loads has no pipe');
  const image = readImage(pipe);
  // Where the process fails, how it ended says more than that its image did not come.
  image.catch(() => undefined);
  const result = await answer;
  return { result, bytes: await image };
}

function beNice(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // It has ended already, or the system forbids it: then it loads like anybody else.
  }
}

function received({ image, ...result }: Sent<LoadResult>, bytes: SharedArrayBuffer): LoadResult {
  return { ...result, image: image && { ...image, bytes } };
}
