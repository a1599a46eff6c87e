// Mutants of engine/: StrykerJS puts all of them into copies of the files, behind a switch that an
// environment variable sets, so that one copy of the project serves for all.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { filesOf } from '../architecture/source_files.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What tests need of the project. */
const PARTS = ['audit', 'bench', 'bin', 'cli', 'demo', 'deploy', 'docs', 'engine', 'envoy'];
const MORE_PARTS = ['examples', 'proto', 'server', 'test', 'workers', 'package.json', 'schema'];
/** Stryker's switch, in the environment of a run. */
export const ACTIVE_MUTANT = '__STRYKER_ACTIVE_MUTANT__';

export interface Mutant {
  readonly id: string;
  /** From the root, `engine/check.ts`. */
  readonly file: string;
  readonly line: number;
  readonly mutator: string;
  readonly replacement: string;
}

export interface MutatedProject {
  /** Where tests run. */
  readonly folder: string;
  /** All of it, to be removed. */
  readonly around: string;
  readonly mutants: readonly Mutant[];
}

const nothing = (): void => undefined;
const SILENT = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};

export async function mutatedProject(): Promise<MutatedProject> {
  const around = mkdtempSync(join(tmpdir(), 'remit-mutants-'));
  const folder = join(around, 'remit');
  mkdirSync(folder);
  // The test data beside the project, where it is there.
  const shared = join(ROOT, '..', 'shared');
  if (existsSync(shared)) symlinkSync(realpathSync(shared), join(around, 'shared'));
  for (const part of [...PARTS, ...MORE_PARTS]) {
    if (!existsSync(join(ROOT, part))) continue;
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const files = filesOf('.ts')
    .filter((file) => file.startsWith('engine/'))
    .map((file) => {
      const name = join(ROOT, file);
      return { name, content: readFileSync(name, 'utf8'), mutate: true };
    });
  const instrumented = await new Instrumenter(SILENT).instrument(files, {
    excludedMutations: [],
    ignorers: [],
    plugins: null,
  });
  for (const { name, content } of instrumented.files) {
    const path = join(folder, relative(ROOT, name));
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
  }
  const mutants = instrumented.mutants.map((mutant) => ({
    id: mutant.id,
    file: relative(ROOT, mutant.fileName),
    line: mutant.location.start.line + 1,
    mutator: mutant.mutatorName,
    replacement: mutant.replacement,
  }));
  return { folder, around, mutants };
}
