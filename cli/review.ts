// `remit review --static`: who reaches what by policy alone (C-105, C-106), by resource and by
// identity, for the people who have to answer for it.

import { documentId } from '../engine/bundle/bundle.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { type Command, CommandError, type CommandOptions, readOptions } from './command.ts';
import { instantOption } from './instant.ts';
import { choiceOption, readOfflineBundle } from './offline_bundle.ts';
import { print } from './output.ts';
import { BlastRadius } from './review/blast_radius.ts';
import { type Grant, type OperationReach, reachesOf } from './review/grants.ts';
import { inventoryEntries } from './review/inventory_entries.ts';
import {
  csvReport,
  jsonReport,
  type Owners,
  type ReviewReport,
  textReport,
} from './review/review_report.ts';
import { Progress, paletteOf } from './terminal.ts';

const OPTIONS = {
  static: { type: 'boolean' },
  config: { type: 'string', completes: 'file' },
  format: { type: 'string' },
  at: { type: 'string' },
} as const satisfies CommandOptions;

export const reviewCommand: Command = {
  options: OPTIONS,
  takes: 'file',
  help: `Lists, by resource, which identities of the inventory reach it and by which rule, and by identity what
it reaches, with its blast radius in numbers. It depends on the policy only, not on how strongly callers
are proved: an upper bound of what \`remit serve\` allows. Limits of a rule (conditions, windows) are told.

Usage: remit review --static DIR [options]
       remit review --static --config remit.yaml [options]

Options:
  --static           from the bundle alone; the only review that there is so far
  --config FILE      take the bundle and the settings from a remit.yaml
  --format FORMAT    text (the default), csv (a line for each grant) or json
  --at TIME          what holds at this time, RFC 3339, instead of now

Exit codes: 0 the review was written, 2 bad usage or bundle.

Examples:
  remit review --static ./policies
  remit review --static ./policies --format csv > grants.csv
  remit review --static ./policies --format json | jq '.identities | sort_by(-.operations) | .[:10]'
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    if (values.static !== true) {
      throw new CommandError('expected --static, the only review that there is; see --help');
    }
    if (positionals.length > 1) {
      throw new CommandError(`unexpected \`${positionals[1]}\`; see --help`);
    }
    const format = choiceOption('--format', values.format, ['text', 'csv', 'json']);
    const now = values.at === undefined ? Date.now() : instantOption('--at', values.at);
    const { bundle, snapshot } = readOfflineBundle(positionals[0], values.config, 'one folder');
    const owners: Owners = new Map(
      bundle.services.map(({ document }) => [
        documentId(document),
        document.metadata.owner ?? 'nobody',
      ]),
    );
    const report = reportOf(format, owners);
    await writeAll(byResource(report, snapshot, now));
    if (format !== 'csv') await writeAll(byIdentity(report, snapshot, now));
    await writeAll([report.end()]);
    return 0;
  },
};

function reportOf(format: 'text' | 'csv' | 'json', owners: Owners): ReviewReport {
  switch (format) {
    case 'text':
      return textReport(owners, paletteOf(process.stdout));
    case 'csv':
      return csvReport(owners);
    case 'json':
      return jsonReport(owners);
  }
}

/** One operation at a time. */
function* byResource(report: ReviewReport, snapshot: Snapshot, now: number): Generator<string> {
  const progress = new Progress('operations looked at');
  let done = 0;
  yield report.head('resources');
  for (const reach of reachesOf(snapshot, now)) {
    yield report.operation(reach);
    for (const entry of inventoryEntries(snapshot)) {
      for (const grant of reach.grantsOf(entry.principal)) yield report.who(reach, entry, grant);
    }
    progress.tell(++done);
  }
  progress.end();
}

/** One identity at a time; what is kept is the tables of operations, and one identity's grants. */
function* byIdentity(report: ReviewReport, snapshot: Snapshot, now: number): Generator<string> {
  const progress = new Progress('identities looked at');
  const reaches = [...reachesOf(snapshot, now)];
  let done = 0;
  yield report.head('identities');
  for (const entry of inventoryEntries(snapshot)) {
    const radius = new BlastRadius();
    const found: [OperationReach, Grant][] = [];
    for (const reach of reaches) {
      const grants = reach.grantsOf(entry.principal);
      radius.add(reach.route.operation, grants);
      for (const grant of grants) found.push([reach, grant]);
    }
    yield report.identity(entry, radius);
    for (const [reach, grant] of found) yield report.what(entry, reach, grant);
    progress.tell(++done, snapshot.proof.inventory.size);
  }
  progress.end();
}

async function writeAll(texts: Iterable<string>): Promise<void> {
  for (const text of texts) await print(text);
}
