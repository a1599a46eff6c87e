// `npm run mutate`: draws mutants of engine/ by a seed and says which of them the tests kill.
// The random-agreement test is left out: what it finds by chance, a named test should find too.

import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Random } from '../agreement/random.ts';
import { type Mutant, mutatedProject } from './mutants.ts';
import { fateOf } from './run.ts';

const HELP = `usage: npm run mutate -- [options]

  --count N    mutants to draw; default 200
  --seed N     draws the same ones again; default 1
  --only START of those that start so, such as engine/policy/, or one by itself, as it is printed:
               'engine/check.ts:98 StringLiteral'; several times for several
  --min SHARE  exit 1 when a smaller share is killed; default 0.9
`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: ['engine/'] },
    min: { type: 'string', default: '0.9' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const project = await mutatedProject();
process.once('exit', () => rmSync(project.around, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const eligible = project.mutants.filter(({ file, line, mutator }) =>
  values.only.some((start) => `${file}:${line} ${mutator}`.startsWith(start)),
);
const random = new Random(Number(values.seed));
const drawn = random.some(eligible, Number(values.count), Number(values.count));
console.log(
  `${project.mutants.length} mutants, ${eligible.length} eligible, ${drawn.length} drawn`,
);
await assertPassing('before');

/** As many at a time as mutants run: tests that stand in each other's way would kill anything. */
async function assertPassing(when: string): Promise<void> {
  const runs = Array.from({ length: availableParallelism() }, () => {
    return fateOf(project.folder, undefined);
  });
  const fates = await Promise.all(runs);
  console.log(`without a mutant, ${when}: ${fates.join(', ')}`);
  if (fates.every((fate) => fate === 'survived')) return;
  console.error('the tests fail without a mutant');
  process.exit(2);
}

const survivors: Mutant[] = [];
let done = 0;
const queue = [...drawn];
async function work(): Promise<void> {
  for (let mutant = queue.pop(); mutant !== undefined; mutant = queue.pop()) {
    const fate = await fateOf(project.folder, mutant);
    done++;
    if (fate === 'survived') survivors.push(mutant);
    const { file, line, mutator } = mutant;
    console.log(`${done}/${drawn.length} ${fate} ${file}:${line} ${mutator}`);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
await assertPassing('after');

survivors.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
console.log('\nsurvived:');
for (const { file, line, mutator, replacement } of survivors) {
  console.log(`${file}:${line} ${mutator} → ${replacement.replaceAll(/\s+/g, ' ').slice(0, 120)}`);
}
const share = (drawn.length - survivors.length) / drawn.length;
console.log(`killed ${drawn.length - survivors.length} of ${drawn.length}: ${share.toFixed(3)}`);
process.exit(share >= Number(values.min) ? 0 : 1);
