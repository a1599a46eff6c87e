// Commands of the tests of one `describe`, all in one process of their own; see
// command_process.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type Run, startNode } from './process.ts';

const PROGRAM = join(import.meta.dirname, 'command_process.ts');

export interface Commands {
  /** Runs a command that does not read standard input; one at a time. */
  run(args: readonly string[], cwd?: string): Promise<Run>;
}

/** Called inside a `describe`. Afterwards the process must end by itself: nothing was left open. */
export function useCommands(): Commands {
  let child: ReturnType<typeof startNode>;
  let answers: Interface;
  before(() => {
    child = startNode([PROGRAM], process.cwd());
    assert.ok(child.stdout !== null && child.stdin !== null);
    child.stderr?.resume();
    answers = createInterface({ input: child.stdout });
  });
  after(async () => {
    const ended = once(child, 'close');
    child.stdin?.end();
    assert.deepEqual(await ended, [0, null]);
  });
  return {
    run: async (args, cwd = process.cwd()) => {
      const answer = once(answers, 'line');
      child.stdin?.write(`${JSON.stringify({ args, cwd })}\n`);
      const [line] = (await answer) as [string];
      return JSON.parse(line) as Run;
    },
  };
}
