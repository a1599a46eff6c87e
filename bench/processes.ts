// Servers under test: each a fresh process on cores of its own, waited for, stopped by its pid.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import type { Cleanup } from '../demo/cleanup.ts';
import { waitFor } from '../demo/processes.ts';
import { cpuTicksPerSecond, pinned } from './machine.ts';

const READY_MS_MAX = 60_000;
/** Remit drains and writes its records out on SIGTERM; what still runs after this is killed. */
const STOP_MS_MAX = 15_000;

const running = new Set<ChildProcess>();
// The last resort, for an exit that skipped its cleanup: children never outlive us.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Start {
  readonly name: string;
  /** As taskset takes them. */
  readonly cores: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly logFile: string;
  readonly ready: () => Promise<boolean>;
}

export class ServerProcess {
  readonly #name: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #how: string | undefined;

  /** Resolves when the process serves; whatever happens, `cleanup` ends it. */
  static async start(start: Start, cleanup: Cleanup): Promise<ServerProcess> {
    const server = new ServerProcess(start);
    cleanup.add(() => server.stop());
    const probe = async () => server.#how !== undefined || (await start.ready());
    await waitFor(`${start.name} is ready`, probe, READY_MS_MAX);
    server.assertRunning();
    return server;
  }

  private constructor({ name, cores, command, logFile }: Start) {
    const log = openSync(logFile, 'a');
    const [program = '', ...args] = pinned(cores, command);
    // taskset becomes the program, so its pid is the server's.
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(child);
    this.#name = name;
    this.#logFile = logFile;
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#how = how;
        running.delete(child);
        resolve();
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  assertRunning(): void {
    if (this.#how === undefined) return;
    const tail = existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8').slice(-2000) : '';
    throw new Error(`${this.#name} ended: ${this.#how}\n${tail}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** CPU time of all its threads so far, user and system, in seconds. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    // Fields 14 and 15 of proc(5); the name before them may hold spaces and ends with a
    // parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / cpuTicksPerSecond();
  }

  /** Resident memory in MiB, of all threads; `peak` since the process began. */
  residentMiB(which: 'now' | 'peak' = 'now'): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const field = which === 'now' ? /^VmRSS:\s+(\d+) kB$/m : /^VmHWM:\s+(\d+) kB$/m;
    return Number(field.exec(status)?.[1]) / 1024;
  }

  async stop(): Promise<void> {
    if (!running.has(this.#child)) return;
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
    await this.#ended;
    clearTimeout(killer);
  }
}
