// A Dockerfile read and carried out without Docker, as far as ours goes: FROM, WORKDIR, COPY and
// RUN, each stage in a folder of its own in place of the image's root. Base images are not there:
// what a step runs is this machine's.

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export function readDockerfile(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const space = line.indexOf(' ');
      return { name: line.slice(0, space), text: line.slice(space + 1).trim() };
    });
}

/** What a COPY takes from where, and puts where. */
export function readCopy(text: string): { from?: string; sources: string[]; target: string } {
  const words = text.split(/\s+/);
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined;
  const target = words.pop() ?? '';
  return { ...(from !== undefined && { from }), sources: words, target };
}

/** Carries the stages out under `root`; @returns the last one's folder. */
export async function build(
  instructions: readonly Instruction[],
  context: string,
  root: string,
): Promise<string> {
  let stage = '';
  let folder = '';
  for (const { name, text } of instructions) {
    if (name === 'FROM') {
      stage = join(root, / AS (\S+)$/.exec(text)?.[1] ?? 'final');
      folder = stage;
    } else if (name === 'WORKDIR') {
      folder = join(stage, text);
      mkdirSync(folder, { recursive: true });
    } else if (name === 'COPY') {
      const { from, sources, target } = readCopy(text);
      copy(from === undefined ? context : join(root, from), sources, folder, target);
    } else if (name === 'RUN') {
      await run('sh', ['-ec', text], { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
    }
  }
  return stage;
}

/** A folder's content goes into the target, a file into it where it ends with a slash. */
function copy(from: string, sources: readonly string[], folder: string, target: string): void {
  for (const source of sources) {
    const path = join(from, source);
    if (!existsSync(path)) throw new Error(`COPY ${source}: it is not there`);
    const to = target.endsWith('/') ? join(folder, target, basename(source)) : join(folder, target);
    cpSync(path, to, { recursive: true, verbatimSymlinks: true });
  }
}
