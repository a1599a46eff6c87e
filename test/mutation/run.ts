// Runs tests with one mutant switched on: killed when a test fails, or when they do not end.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ACTIVE_MUTANT, type Mutant } from './mutants.ts';

/** A mutant that loops never ends by itself. */
const RUN_MS_MAX = 180_000;

/** It weighs the memory of a server, which two at a time share. */
const NOT_OF_ENGINE = ['--ignore', 'test/adversary/compressed_messages.test.ts'];

/** The end of it, where mocha tells of failures. */
const SAID_LENGTH_MAX = 4_000;

export type Fate = 'killed' | 'timeout' | 'survived';

/** What tests a folder of the engine first; then all that test it without the agreement test. */
const NEAR: readonly (readonly [folder: string, tests: readonly string[]])[] = [
  ['engine/cel/', ['test/cel/*.test.ts']],
  ['engine/body/', ['test/body/*.test.ts']],
  ['engine/identity/', ['test/identity/*.test.ts', 'test/token/*.test.ts']],
];
/** Whose tests run quickly. */
const FOLDERS = ['adversary', 'body', 'cel', 'challenge', 'engine', 'envoy', 'identity', 'keys']
  .concat('lint', 'token')
  .map((it) => `test/${it}`);
const ALL = ['test/engine/*.test.ts', 'test/envoy/*.test.ts', 'test/body/*.test.ts'];
const REST = [
  ...['test/cel/*.test.ts', 'test/lint/*.test.ts', 'test/explain/*.test.ts'],
  ...['test/adversary/*.test.ts', 'test/bundle/*.test.ts', 'test/docs/language*.test.ts'],
  // What is known and written down, of the tests by a second evaluator.
  ...['test/agreement/by_hand.test.ts', 'test/agreement/named_cases.test.ts'],
  ...['test/keys/address_reach.test.ts', 'test/keys/key_addresses.test.ts'],
];
const TOKENS = ['test/identity/*.test.ts', 'test/token/*.test.ts', 'test/challenge/*.test.ts'];
const LAST = ['test/cli/decide.test.ts', 'test/workers/*.test.ts', 'test/examples/*.test.ts'];

export async function fateOf(folder: string, mutant: Mutant | undefined): Promise<Fate> {
  const near = NEAR.find(([start]) => mutant?.file.startsWith(start))?.[1] ?? [];
  const own = mutant === undefined ? [] : testsOf(mutant.file);
  for (const tests of [own, near, ALL, REST, TOKENS, LAST]) {
    if (tests.length === 0) continue;
    const fate = await run(folder, tests, mutant?.id ?? '');
    if (fate !== 'survived') return fate;
  }
  return 'survived';
}

/** Test files that import the file, or are named after it: they kill most mutants. */
function testsOf(file: string): readonly string[] {
  const imported = `/${basename(file)}'`;
  const stem = basename(file, '.ts');
  return FOLDERS.flatMap((folder) => readdirSync(folder).map((it) => join(folder, it))).filter(
    (test) =>
      test.endsWith('.test.ts') &&
      (basename(test).startsWith(stem) || readFileSync(test, 'utf8').includes(imported)),
  );
}

/** Without a mutant what failed is shown: it is a fault of the tests. */
function run(folder: string, tests: readonly string[], id: string): Promise<Fate> {
  const mocha = join(folder, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const seed = ['--import', pathToFileURL(join(folder, 'test', 'mutation', 'fixed_seed.ts')).href];
  const options = ['--no-config', '--bail', '--timeout', '30000', ...NOT_OF_ENGINE];
  const args = [...seed, mocha, ...options, ...tests];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', id === '' ? 'pipe' : 'ignore', 'ignore'],
    detached: true,
    env: { ...process.env, [ACTIVE_MUTANT]: id, REMIT_SEED: '1' },
  });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_LENGTH_MAX);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve('timeout');
      // Its children too.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, RUN_MS_MAX);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (code !== 0 && id === '') process.stderr.write(`${said}\n`);
      resolve(code === 0 ? 'survived' : 'killed');
    });
  });
}
