// Envoy and Remit as child processes: started, waited for, stopped by their pid.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_MS_MAX = 20_000;
// Remit drains on SIGTERM; what still runs after this is killed.
const STOP_MS_MAX = 8_000;
const POLL_MS = 25;
const REMIT_BIN = join(import.meta.dirname, '..', 'bin', 'remit.js');

const running = new Set<ChildProcess>();
// The last resort, for an exit that skipped its cleanup: children never outlive us.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that is ready to serve. */
export interface Service {
  readonly pid: number;
  /** What it wrote so far, to stdout and stderr. */
  readonly log: () => string;
  /** Asks it to stop, waits until it has, and kills it only if it does not. */
  readonly stop: () => Promise<void>;
}

/** Starts `remit serve` and waits until /readyz says so. */
export function startRemit(
  configFile: string,
  options: { readonly httpPort: number; readonly logFile: string },
): Promise<Service> {
  // REMIT_BIN lets the same demo and tests run against an installed package.
  const bin = process.env['REMIT_BIN'] ?? REMIT_BIN;
  const args = [bin, 'serve', '--config', configFile];
  const ready = () => answersOk(`http://127.0.0.1:${options.httpPort}/readyz`);
  return start('remit', process.execPath, args, options.logFile, ready);
}

export interface EnvoyProcess extends Service {
  readonly adminPort: number;
  /** The port of each listener by its name; Envoy chose them where the configuration says 0. */
  readonly ports: ReadonlyMap<string, number>;
}

/** Starts Envoy on a configuration file and waits until its listeners accept. */
export async function startEnvoy(
  binary: string,
  configFile: string,
  options: { readonly adminAddressFile: string; readonly logFile: string },
): Promise<EnvoyProcess> {
  const args = [
    ...['-c', configFile, '--admin-address-path', options.adminAddressFile],
    // Several Envoys on one machine must not meet in shared memory.
    ...['--disable-hot-restart', '--concurrency', '2', '--log-level', 'warning'],
    // Access log lines are read while Envoy runs.
    ...['--file-flush-interval-msec', '50'],
  ];
  const adminPort = () => Number(readIfPresent(options.adminAddressFile).split(':').at(-1));
  const ready = async () =>
    adminPort() > 0 && (await answersOk(`http://127.0.0.1:${adminPort()}/ready`));
  const service = await start('envoy', binary, args, options.logFile, ready);
  try {
    return { ...service, adminPort: adminPort(), ports: await listenerPorts(adminPort()) };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** Lets Envoy judge a configuration; returns its complaint, or nothing. */
export async function validateEnvoyConfig(binary: string, configFile: string): Promise<string> {
  const child = spawn(binary, ['--mode', 'validate', '-c', configFile, '--disable-hot-restart'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return code === 0 ? '' : output;
}

/**
 * Finds free loopback ports, below the range that the kernel gives to outgoing connections: a
 * server that is stopped and started again must find its port free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt += 1) {
    if (attempt > 1000) throw new Error('no free loopback port between 20000 and 30000');
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** Polls until `probe` holds; `what` is named when it does not in time. */
export async function waitFor(
  what: string,
  probe: () => Promise<boolean> | boolean,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(POLL_MS);
  }
}

async function start(
  name: string,
  command: string,
  args: readonly string[],
  logFile: string,
  ready: () => Promise<boolean>,
): Promise<Service> {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  const end = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  running.add(child);
  let ended: string | undefined;
  void end.then((how) => {
    ended = how;
    running.delete(child);
  });
  const tail = () => readIfPresent(logFile).split('\n').slice(-30).join('\n');
  try {
    await waitFor(`${name} is ready`, async () => Boolean(ended) || (await ready()), READY_MS_MAX);
    if (ended) throw new Error(`${name} did not start: ${ended}`);
  } catch (error) {
    await stop(child, end);
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${tail()}`);
  }
  // A child that reached readiness was spawned, and so has a pid.
  return { pid: child.pid!, log: () => readIfPresent(logFile), stop: () => stop(child, end) };
}

async function stop(child: ChildProcess, end: Promise<string>): Promise<void> {
  if (!running.has(child)) return;
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await end;
  clearTimeout(killer);
}

async function listenerPorts(adminPort: number): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/listeners?format=json`);
  // The shape is Envoy's admin.v3.Listeners.
  const { listener_statuses: statuses } = (await response.json()) as {
    listener_statuses: {
      name: string;
      local_address: { socket_address: { port_value: number } };
    }[];
  };
  return new Map(statuses.map((it) => [it.name, it.local_address.socket_address.port_value]));
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Not listening yet; the caller asks again until its own time is up.
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

function readIfPresent(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
