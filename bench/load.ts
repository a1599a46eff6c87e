// Loads a server with one message again and again, over several connections with several streams
// each, from a process of its own: h2load where it is installed, else our own client,
// which takes the same work and tells the same things.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from '../demo/cleanup.ts';
import { pinned } from './machine.ts';
import { h2loadArguments, type Target } from './target.ts';

export type Client = 'h2load' | 'node';

export interface LoadShape {
  readonly connections: number;
  /** Streams at a time on each connection. */
  readonly streams: number;
  /**
   * Requests a second, sent when they are due whatever became of those before (an open loop); then
   * `streams` only bounds how many may be under way. Default: as fast as answers come.
   */
  readonly rate?: number;
}

/** Under an open loop no request should wait in the client; Remit admits as many by default. */
export const OPEN_LOOP_STREAMS = 1_000;
/** A modest load: what a process does under pressure is another question. */
export const MODEST = { connections: 4, streams: OPEN_LOOP_STREAMS, rate: 1_000 } as const;

export interface Load extends LoadShape {
  readonly client: Client;
  readonly target: Target;
  /** Where the client runs, as taskset takes them. */
  readonly cores: string;
  readonly requests: number;
  /** A file with the framed message; of several our own client sends one after the other. */
  readonly messageFile: string;
  /** For files of the client's own. */
  readonly folder: string;
  /** The client's own, in the folder; each of two at a time needs one. Default load.log. */
  readonly log?: string;
  /** Ends it, and what it measured is lost. */
  readonly signal?: AbortSignal;
}

/** One entry a request, in any order. */
export interface LoadResult {
  /** When its answer was complete, in microseconds since the epoch. */
  readonly endedUs: Float64Array;
  readonly tookUs: Float64Array;
  /** Bytes of all answers, in gRPC's framing. */
  readonly answerBytes: number;
}

/** h2load, unless it is not there or another client is asked for. */
export function chooseClient(wanted: string | undefined): Client {
  if (wanted === 'node' || wanted === 'h2load') return wanted;
  if (wanted !== undefined) throw new Error(`no client \`${wanted}\`; expected h2load or node`);
  return spawnSync('h2load', ['--version']).status === 0 ? 'h2load' : 'node';
}

/** Sends all requests; throws unless every one was answered with HTTP 200. */
export function runLoad(load: Load, cleanup: Cleanup): Promise<LoadResult> {
  return load.client === 'h2load' ? runH2load(load, cleanup) : runOwnClient(load, cleanup);
}

async function runH2load(load: Load, cleanup: Cleanup): Promise<LoadResult> {
  const log = join(load.folder, 'load.log');
  // It appends to what is there.
  rmSync(log, { force: true });
  const { rate, connections } = load;
  const output = await run(cleanup, load.cores, [
    ...['h2load', `--requests=${load.requests}`, `--clients=${load.connections}`],
    ...[`--max-concurrent-streams=${load.streams}`, `--data=${load.messageFile}`],
    ...['--header=content-type: application/grpc', '--header=te: trailers', `--log-file=${log}`],
    // It takes whole numbers, a client.
    ...(rate === undefined ? [] : [`--rps=${Math.max(1, Math.round(rate / connections))}`]),
    ...h2loadArguments(load.target),
  ]);
  const find = (pattern: RegExp): number => Number(pattern.exec(output)?.[1]);
  const ok = find(/^status codes: (\d+) 2xx/m);
  if (ok !== load.requests || find(/(\d+) succeeded/) !== load.requests) {
    throw new Error(`not all of ${load.requests} requests succeeded:\n${output}`);
  }
  return readLog(log, load.requests, find(/\((\d+)\) data$/m));
}

async function runOwnClient(load: Load, cleanup: Cleanup): Promise<LoadResult> {
  const log = join(load.folder, load.log ?? 'load.log');
  const program = join(import.meta.dirname, 'http2_client.ts');
  const { signal, ...rest } = load;
  const work = JSON.stringify({ ...rest, log });
  const command = [process.execPath, program, work];
  const answerBytes = await run(cleanup, load.cores, command, signal);
  return readLog(log, load.requests, Number(answerBytes));
}

/** A line a request, as h2load writes it: start, HTTP status, duration; both in microseconds. */
function readLog(log: string, requests: number, answerBytes: number): LoadResult {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const endedUs = new Float64Array(lines.length);
  const tookUs = new Float64Array(lines.length);
  for (const [index, line] of lines.entries()) {
    const [started, status, took] = line.split('\t').map(Number);
    if (status !== 200) throw new Error(`a request was answered with HTTP ${status}`);
    tookUs[index] = took ?? Number.NaN;
    endedUs[index] = (started ?? Number.NaN) + tookUs[index]!;
  }
  if (lines.length !== requests) throw new Error(`${lines.length} answers, not ${requests}`);
  return { endedUs, tookUs, answerBytes };
}

/** @returns what the client printed */
export async function run(
  cleanup: Cleanup,
  cores: string,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const [program = '', ...args] = pinned(cores, command);
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  cleanup.add(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  if (how !== 'exit code 0') throw new Error(`${command[0]} ended: ${how}\n${output.slice(-2000)}`);
  return output;
}
