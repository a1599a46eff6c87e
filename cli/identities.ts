// `remit identities`: who was seen with which credentials (C-069), and what the policies say of
// them, for the people who rotate, offboard and cut back.

import type { InventoryReport } from '../audit/inventory_report.ts';
import { parseDuration } from '../engine/duration.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { type Command, CommandError, type CommandOptions, readOptions } from './command.ts';
import { BINS, type Bin, Binning } from './identities/bins.ts';
import {
  csvReport,
  type IdentitiesReport,
  jsonReport,
  textReport,
  type Watched,
} from './identities/identities_report.ts';
import { inventoryOfRecords, inventoryOfServer } from './identities/read_inventory.ts';
import { subjectsOf } from './identities/subject.ts';
import { instantOption } from './instant.ts';
import { choiceOption, readOfflineBundle } from './offline_bundle.ts';
import { print } from './output.ts';
import { reachesOf } from './review/grants.ts';
import { Progress, paletteOf } from './terminal.ts';

const OPTIONS = {
  url: { type: 'string' },
  records: { type: 'boolean' },
  policies: { type: 'string', completes: 'file' },
  config: { type: 'string', completes: 'file' },
  bin: { type: 'string', completes: BINS },
  'forgotten-after': { type: 'string' },
  'max-lifetime': { type: 'string' },
  format: { type: 'string', completes: ['text', 'csv', 'json'] },
  at: { type: 'string' },
} as const satisfies CommandOptions;

const FORGOTTEN_AFTER = '90d';
const MAX_LIFETIME = '24h';

export const identitiesCommand: Command = {
  options: OPTIONS,
  takes: 'file',
  help: `Lists the identities that were proved, with their credentials: how long these live and how old they were,
how often they were rotated, and from where they came. With policies it tells also who they are, how far they
reach, and who of the inventory never came. Each is in the bins that it belongs to: authenticated,
over-long-lived, over-privileged, forgotten, unknown, shared. Lifetime and scope are two columns, never one score.

Usage: remit identities --url URL [options]
       remit identities --records FILE… [options]

Options:
  --url URL                a running server's HTTP port, from the same host
  --records                from files of evidence and decision records
  --policies DIR           what the identities are meant for: a bundle
  --config FILE            the same, with the bundle and the settings of a remit.yaml
  --bin BIN                only those in this bin
  --forgotten-after TIME   not seen for so long is forgotten, ${FORGOTTEN_AFTER} unless said
  --max-lifetime TIME      of credentials whose Identity names none, ${MAX_LIFETIME} unless said
  --format FORMAT          text (the default), csv (a line for each identity) or json
  --at TIME                as of this time, RFC 3339; unless said now, of files their last record

Exit codes: 0 listed, 2 bad usage, bundle or records.

Examples:
  remit identities --url http://127.0.0.1:9190 --policies ./policies
  remit identities --records evidence.ndjson decisions.ndjson --policies ./policies --bin forgotten
  remit identities --records evidence.ndjson --max-lifetime 1h --format csv > credentials.csv
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    const format = choiceOption('--format', values.format, ['text', 'csv', 'json']);
    const bin = values.bin === undefined ? undefined : choiceOption('--bin', values.bin, BINS);
    const forgottenMs = durationOption(
      '--forgotten-after',
      values['forgotten-after'] ?? FORGOTTEN_AFTER,
    );
    const maxLifetimeMs = durationOption('--max-lifetime', values['max-lifetime'] ?? MAX_LIFETIME);
    const at = values.at === undefined ? undefined : instantOption('--at', values.at);
    const report = await inventoryOf(values.url, values.records === true, positionals);
    const hasPolicies = values.policies !== undefined || values.config !== undefined;
    const snapshot = hasPolicies
      ? readOfflineBundle(values.policies, values.config, '--policies').snapshot
      : undefined;
    const last = values.url === undefined && report.until !== null ? report.until : undefined;
    const now = at ?? (last === undefined ? Date.now() : Date.parse(last));
    const terms = { now, forgottenMs, maxLifetimeMs };
    const reaches = snapshot === undefined ? [] : [...reachesOf(snapshot, now)];
    const binning = new Binning(report, snapshot, reaches, terms);
    const isLongEnough = binning.isWatchedLongEnough;
    const watched = { report, now, forgottenMs, isLongEnough, hasPolicies };
    await writeAll(reportIn(format, watched), report, snapshot, binning, bin);
    return 0;
  },
};

function inventoryOf(
  url: string | undefined,
  fromRecords: boolean,
  files: readonly string[],
): Promise<InventoryReport> {
  if ((url === undefined) === !fromRecords) {
    throw new CommandError('expected --url or --records FILE…; see --help');
  }
  if (url === undefined) {
    if (files.length === 0) throw new CommandError('--records needs at least one file');
    return inventoryOfRecords(files);
  }
  if (files.length > 0) throw new CommandError(`unexpected \`${files[0]}\`; see --help`);
  return inventoryOfServer(url);
}

function durationOption(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new CommandError(`${name} \`${text}\` is no duration; expected for example 90d, 24h, 15m`);
}

function reportIn(format: 'text' | 'csv' | 'json', watched: Watched): IdentitiesReport {
  switch (format) {
    case 'text':
      return textReport(watched, paletteOf(process.stdout));
    case 'csv':
      return csvReport();
    case 'json':
      return jsonReport(watched);
  }
}

/** In the order of their names; one at a time, as each may reach much. */
async function writeAll(
  to: IdentitiesReport,
  report: InventoryReport,
  snapshot: Snapshot | undefined,
  binning: Binning,
  only: Bin | undefined,
): Promise<void> {
  const subjects = subjectsOf(report, snapshot).sort((a, b) => (a.name < b.name ? -1 : 1));
  const counts = new Map<Bin, number>(BINS.map((bin) => [bin, 0]));
  const progress = new Progress('identities looked at');
  let done = 0;
  await print(to.head());
  for (const subject of subjects) {
    const binned = binning.of(subject);
    for (const bin of binned.bins) counts.set(bin, (counts.get(bin) ?? 0) + 1);
    progress.tell(++done, subjects.length);
    if (only === undefined || binned.bins.includes(only)) await print(to.identity(binned));
  }
  progress.end();
  await print(to.end(counts));
}
