// The machine that is measured on, and how processes keep to one of its cores.

import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release } from 'node:os';

/** The server under test has a core to itself, the client that loads it another. */
export const SERVER_CORE = '0';
export const CLIENT_CORE = '1';
/** For what needs more than one: then server and client share them. */
export const BOTH_CORES = '0,1';

/** What a figure cannot be understood without. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the last minute, when the run began: other work on the machine shows here. */
  readonly load: number;
  readonly client: string;
}

/** Throws when nothing here could be measured as the documentation says. */
export function describeMachine(client: string): Machine {
  if (spawnSync('taskset', ['--version']).status !== 0) {
    throw new Error('taskset is missing; it pins each process to a core (package util-linux)');
  }
  const cores = availableParallelism();
  if (cores < 2) throw new Error('two cores are needed: one for the server, one for the client');
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores,
    kernel: release(),
    node: process.versions.node,
    load: loadavg()[0] ?? 0,
    client,
  };
}

/** The command line that runs `command` on the given cores only. */
export function pinned(cores: string, command: readonly string[]): readonly string[] {
  return ['taskset', '--cpu-list', cores, ...command];
}

let ticksPerSecond: number | undefined;

/** /proc counts in ticks, nearly everywhere 100 a second. */
export function cpuTicksPerSecond(): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ticksPerSecond;
}
