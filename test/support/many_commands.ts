// Runs commands one after the other in one process, for the many tests that need no process of
// their own: starting Node costs more than what they do. Arguments in, one `Run` a command out.

import { main } from '../../cli/main.ts';
import type { Run } from './process.ts';

const commands = JSON.parse(process.argv[2] ?? '[]') as string[][];
const { stdout, stderr } = process;
const realWrite = stdout.write.bind(stdout);
const runs: Run[] = [];

for (const args of commands) {
  const written = { stdout: '', stderr: '' };
  stdout.write = (chunk: string | Uint8Array): boolean => {
    written.stdout += chunk;
    return true;
  };
  stderr.write = (chunk: string | Uint8Array): boolean => {
    written.stderr += chunk;
    return true;
  };
  runs.push({ code: await main(args), signal: null, ...written });
}
realWrite(JSON.stringify(runs));
