// `npm run bench`: measures Remit against a yardstick on this very machine, and fails under the
// figure that thresholds.json demands. All is on loopback, in temporary folders.

import { parseArgs } from 'node:util';
import { Cleanup } from '../demo/cleanup.ts';
import { checkMessage } from './check_message.ts';
import type { Run } from './contender.ts';
import { chooseClient } from './load.ts';
import { CLIENT_CORE, describeMachine } from './machine.ts';
import { packages } from './package.ts';
import { formatMachine, formatReport, judge, type ScenarioReport } from './report.ts';
import type { Scenario } from './scenario.ts';
import { against, SCENARIOS } from './scenarios.ts';

const HELP = `usage: npm run bench -- [options] [scenario…]

Each scenario runs two servers in turn, each in a fresh process, most on core 0, loaded from core 1,
and compares them pair by pair. Nothing counts unless every answer was the right one.

Scenarios, all of them unless named:
${SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(14)} ${summary}`).join('\n')}

Options:
  --pairs N          alternating pairs; default 7
  --requests N       measured in each run; default 80000
  --warm-up N        requests before, in each run; default 40000
  --connections N    default 8
  --streams N        at a time on each connection; default 32
  --client NAME      h2load (Debian: nghttp2-client) or node, our own; default h2load if there is one
  --against DIR      compare this checkout with another one instead
  --json             print the result as JSON on standard output, progress on standard error
  --help             this text

Exit codes: 0 measured, 1 under a figure of bench/thresholds.json, 2 could not measure.
`;

const EXIT = { ok: 0, under: 1, failed: 2, interrupted: 130 } as const;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      pairs: { type: 'string', default: '7' },
      requests: { type: 'string', default: '80000' },
      'warm-up': { type: 'string', default: '40000' },
      connections: { type: 'string', default: '8' },
      streams: { type: 'string', default: '32' },
      client: { type: 'string' },
      against: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT.ok;
  }
  const scenarios = values.against === undefined ? chosen(positionals) : [against(values.against)];
  const client = chooseClient(values.client);
  const machine = describeMachine(client);
  const settings = {
    pairs: count('pairs', values.pairs),
    client,
    shape: {
      connections: count('connections', values.connections),
      streams: count('streams', values.streams),
    },
    requests: count('requests', values.requests),
    warmUpRequests: count('warm-up', values['warm-up']),
    message: checkMessage(),
    clientCores: CLIENT_CORE,
    restMs: 0,
    progress: (line: string) => process.stderr.write(`${line}\n`),
  };
  return await interruptible(async (cleanup, signal) => {
    const run: Run = { ...settings, packageOf: packages(cleanup), cleanup, signal };
    run.progress(formatMachine(machine, run));
    const reports = await runAll(scenarios, run);
    const { shape, pairs, requests, warmUpRequests } = run;
    if (values.json) {
      const result = { machine, load: { ...shape, pairs, requests, warmUpRequests }, reports };
      process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    } else process.stdout.write(reports.map(formatReport).join(''));
    const passed = reports.every(({ figures }) => figures.every((figure) => figure.passed));
    return passed ? EXIT.ok : EXIT.under;
  });
}

async function runAll(scenarios: readonly Scenario[], run: Run): Promise<ScenarioReport[]> {
  const reports: ScenarioReport[] = [];
  for (const { name, summary, measure } of scenarios) {
    run.progress(`${name}: ${summary}`);
    reports.push(judge(name, summary, await measure(run)));
  }
  return reports;
}

function chosen(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS;
  return names.map((name) => {
    const scenario = SCENARIOS.find((it) => it.name === name);
    if (scenario !== undefined) return scenario;
    throw new Error(`no scenario \`${name}\`; there are ${SCENARIOS.map((it) => it.name)}`);
  });
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${option} ${text}: expected a whole number above 0`);
}

/** Runs `work` so that Ctrl-C, SIGTERM and failures all leave no process and no file behind. */
async function interruptible(
  work: (cleanup: Cleanup, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const cleanup = new Cleanup();
  const abort = new AbortController();
  const interrupted = new Promise<number>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        abort.abort();
        resolve(EXIT.interrupted);
      });
    }
  });
  const working = work(cleanup, abort.signal);
  try {
    return await Promise.race([working, interrupted]);
  } finally {
    await cleanup.run();
    // What was starting when the signal came fails now, or is undone by the closed cleanup.
    await working.catch(() => undefined);
    await cleanup.run();
  }
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exit(EXIT.failed);
}
