// What the number of rules costs: a decision by itself from 10 to 100,000 rules, a request with
// 10,000, and loading 100,000 while others are answered.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBundle } from '../engine/bundle/parse_bundle.ts';
import { compileBundle } from '../engine/compile_bundle.ts';
import { Diagnostics } from '../engine/diagnostic.ts';
import { DEFAULT_SETTINGS } from '../engine/settings.ts';
import { loadBundle } from '../server/load_bundle.ts';
import { servicesOf, writeBundle } from './bundle.ts';
import { checkMessage } from './check_message.ts';
import { measurePairs, type Run } from './contender.ts';
import { packWork } from './decision_loop.ts';
import { inFolder } from './folder.ts';
import { run as runProgram } from './load.ts';
import { SERVER_CORE } from './machine.ts';
import { measureReload } from './reload.ts';
import { remit } from './remit.ts';
import { comparison, type Figure, figure } from './scenario.ts';

const SIZES = [10, 100, 1_000, 10_000, 100_000] as const;
const LARGEST = 100_000;
/** Callers and services that requests are spread over, if there are as many. */
const SPREAD = 64;
/** A load of 100,000 rules takes half a minute. */
const RELOADS = 2;

export async function measureRules(run: Run): Promise<Figure[]> {
  const few = remit({ name: '10 rules', rules: 10, poolThreads: 0 });
  const many = remit({ name: '10,000 rules', rules: 10_000, poolThreads: 0 });
  return [
    ...(await inFolder(run.cleanup, (folder) => measureDecisions(folder, run))),
    ...comparison(few.name, many.name, await measurePairs(few, many, run)),
    ...(await measureReload({ ...run, pairs: Math.min(run.pairs, RELOADS) }, LARGEST)),
  ];
}

/** Of each size in turn, each in a fresh process. */
async function measureDecisions(folder: string, run: Run): Promise<Figure[]> {
  const works = SIZES.map((rules) => prepare(folder, rules, run));
  const same = SIZES.map((): number[] => []);
  const spread = SIZES.map((): number[] => []);
  for (let round = 1; round <= run.pairs; round++) {
    for (const [index, work] of works.entries()) {
      same[index]!.push(await decide(work.same, run));
      spread[index]!.push(await decide(work.spread, run));
    }
    const shown = same.map((it) => (it.at(-1)! / 1000).toFixed(2)).join(', ');
    run.progress(`round ${round} of ${run.pairs}: a decision takes ${shown} µs`);
  }
  const ratios = (of: number[][]) => of.at(-1)!.map((ns, round) => ns / of[0]![round]!);
  const micros = (name: string, of: number[][]) =>
    SIZES.map((rules, index) =>
      figure(
        `${name}, ${rules.toLocaleString('en')} rules`,
        'µs',
        of[index]!.map((ns) => ns / 1000),
      ),
    );
  return [
    figure('decision ratio', '', ratios(same)),
    figure('decision ratio, spread', '', ratios(spread)),
    ...micros('decision', same),
    ...micros('spread', spread),
  ];
}

function prepare(folder: string, rules: number, { message, progress }: Run) {
  const policies = join(folder, `policies-${rules}`);
  writeBundle(policies, { rules });
  const diagnostics = new Diagnostics();
  const startedMs = performance.now();
  const bundle = parseBundle(loadBundle(policies, diagnostics), diagnostics);
  const image = compileBundle(bundle, new Map(), DEFAULT_SETTINGS, 1, diagnostics);
  if (image === undefined) throw new Error(`${rules} rules do not compile`);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const size = (image.bytes.byteLength / 2 ** 20).toFixed(1);
  progress(`${rules} rules: compiled in ${seconds} s, an image of ${size} MiB`);
  const file = (name: string, messages: readonly Buffer[]): string => {
    const path = join(folder, `${name}-${rules}.bin`);
    writeFileSync(path, packWork(image, messages));
    return path;
  };
  const places = servicesOf(rules, SPREAD);
  return {
    same: file('same', [message]),
    spread: file(
      'spread',
      places.map((service) => checkMessage({ service })),
    ),
  };
}

async function decide(work: string, { cleanup }: Run): Promise<number> {
  const program = join(import.meta.dirname, 'decision_loop.ts');
  return Number(await runProgram(cleanup, SERVER_CORE, [process.execPath, program, work]));
}
