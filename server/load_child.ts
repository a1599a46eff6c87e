// The process that loads: one task, one result.

import { writeImage } from './image_pipe.ts';
import { load } from './load.ts';
import { loadConfig } from './load_config.ts';
import type { SentResult, SentTask } from './load_process.ts';

// Whoever asked has gone.
process.once('disconnect', () => process.exit());
process.once('message', (task: SentTask) => {
  // Whoever asked may have gone meanwhile: then nobody wants to hear of that either.
  process.send?.(resultOf(task), () => undefined);
  writeImage(image);
});

function resultOf(task: SentTask): SentResult {
  try {
    return 'bundle' in task ? loadBundle(task) : start(task.config);
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

function start(file: string): SentResult {
  const loaded = loadConfig(file);
  const { config } = loaded;
  if (config === undefined) return { ...loaded, bundle: undefined };
  const { policies: path, settings } = config;
  return { ...loaded, bundle: sent(load({ path, settings, version: 1 })) };
}

function loadBundle({ bundle, lastGood }: Extract<SentTask, { bundle: unknown }>): SentResult {
  return { loaded: sent(load({ ...bundle, lastGood })) };
}

/** Its bytes follow, after the message. */
let image: SharedArrayBuffer | undefined;

function sent({ image: loaded, ...result }: ReturnType<typeof load>) {
  if (loaded === undefined) return { ...result, image: undefined };
  const { bytes, ...rest } = loaded;
  image = bytes;
  return { ...result, image: rest };
}
