// Remit as its users start it: a process of its own, stopped by its pid.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, parseAddress } from '../../server/address.ts';
import { onExit } from './exit.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'remit.js');

// Compiling its sources is most of what a short command does, so the children share a cache.
const compileCache = mkdtempSync(join(tmpdir(), 'remit-test-cache-'));
const running = new Set<ChildProcess>();
// The last resort, for an exit that skipped its cleanup: children never outlive us.
onExit(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(compileCache, { recursive: true, force: true });
});

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  /** Another `remit` than that of the checkout. */
  readonly bin?: string;
}

/** Starts Node; the process never outlives this one. */
export function startNode(args: readonly string[], cwd?: string): ChildProcess {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  const child = spawn(process.execPath, args, { cwd, env, stdio: 'pipe' });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

function text(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Runs a command to its end. */
export async function runRemit(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = startNode([options.bin ?? BIN, ...args], options.cwd);
  const stdout = text(child.stdout);
  const stderr = text(child.stderr);
  // A command that fails early does not read what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin ?? '');
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout: stdout(), stderr: stderr() };
}

export interface ServeProcess {
  readonly pid: number;
  readonly check: readonly Address[];
  readonly http: Address;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Leaves it with nobody who reads its standard output. */
  closeStdout(): void;
  /** Resolves with how it ended; SIGTERM unless another signal is named. */
  stop(signal?: NodeJS.Signals): Promise<Run>;
}

export interface ServeOptions extends RunOptions {
  /** False: nobody reads its standard output. */
  readonly readStdout?: boolean;
}

/** Starts `remit serve` and waits until its log says that it serves. */
export async function startServe(
  configFile: string,
  options: ServeOptions = {},
): Promise<ServeProcess> {
  const args = [options.bin ?? BIN, 'serve', '--config', configFile];
  const child = startNode(args, options.cwd);
  const stdout = options.readStdout === false ? () => '' : text(child.stdout);
  const stderr = text(child.stderr);
  const ended = once(child, 'exit');
  const closed = once(child, 'close');
  const serving = new Promise<string>((resolve) => {
    child.stderr?.on('data', () => {
      const line = stderr()
        .split('\n')
        .find((candidate) => candidate.includes('"msg":"serving"') && candidate.endsWith('}'));
      if (line !== undefined) resolve(line);
    });
  });
  const line = await Promise.race([serving, closed.then(() => undefined)]);
  if (line === undefined) throw new Error(`remit serve did not start:\n${stderr()}`);
  const { check, http } = JSON.parse(line) as { check: string[]; http: string };
  return {
    pid: child.pid!,
    check: check.map((address) => parseAddress(address)!),
    http: parseAddress(http)!,
    stdout,
    stderr,
    closeStdout: () => child.stdout?.destroy(),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const [code, how] = await ended;
      // What nobody read is thrown away, or the pipe would never close.
      child.stdout?.resume();
      await closed;
      return { code, signal: how, stdout: stdout(), stderr: stderr() };
    },
  };
}
