// Runs commands one after the other in one process, for the many tests that need no process of
// their own: starting Node costs more than what they do. One `{args, cwd}` a line in, one `Run` a
// line out; ends by itself when its input does, unless a command left something open.

import { createInterface } from 'node:readline';
import { main } from '../../cli/main.ts';
import type { Run } from './process.ts';

const { stdout, stderr } = process;
const realWrite = stdout.write.bind(stdout);
const written = { stdout: '', stderr: '' };
stdout.write = (chunk: string | Uint8Array): boolean => {
  written.stdout += chunk;
  return true;
};
stderr.write = (chunk: string | Uint8Array): boolean => {
  written.stderr += chunk;
  return true;
};

for await (const line of createInterface({ input: process.stdin })) {
  const { args, cwd } = JSON.parse(line) as { args: string[]; cwd: string };
  process.chdir(cwd);
  Object.assign(written, { stdout: '', stderr: '' });
  const code = await main(args);
  const run: Run = { code, signal: null, ...written };
  realWrite(`${JSON.stringify(run)}\n`);
}
