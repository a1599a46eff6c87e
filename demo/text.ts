// What the demo prints.

import { join } from 'node:path';
import type { Row } from './play.ts';
import { DEFAULT_PORTS, type Scenario } from './scenario.ts';

const COLUMNS = ['who', 'what', 'status', 'reason', 'rule'] as const;

/** The table *who → what → status → reason → rule*; rows that went wrong are named below. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => COLUMNS.map((column) => row[column]));
  const header = [...COLUMNS];
  const widths = header.map((_, at) => Math.max(...[header, ...cells].map((it) => it[at]!.length)));
  const line = (values: readonly string[]) =>
    values
      .map((value, at) => value.padEnd(widths[at]!))
      .join('  ')
      .trimEnd();
  const table = [header, widths.map((width) => '-'.repeat(width)), ...cells].map(line);
  const wrong = rows.flatMap((row, at) =>
    row.mistakes.length === 0 ? [] : [`row ${at + 1} (${row.shows}): ${row.mistakes.join('; ')}`],
  );
  const summary =
    wrong.length === 0
      ? [`all ${rows.length} decisions were as expected`]
      : [`${wrong.length} of ${rows.length} decisions were not as expected:`, ...wrong];
  return `\n${[...table, '', ...summary].join('\n')}\n`;
}

/** Both records of one request. */
export function formatRecords(row: Row | undefined): string {
  if (!row?.records) return '';
  const { evidence, decision } = row.records;
  const pretty = (record: object) => JSON.stringify(record, undefined, 2);
  return [
    `\nThe two records of \`${row.what}\` by ${row.who} (${row.shows}).`,
    `\nWho it was, and how that was proved:\n${pretty(evidence)}`,
    `\nWhat it may do, and why not:\n${pretty(decision)}\n`,
  ].join('\n');
}

/** What to try by hand while the demo is up. */
export function formatHints(scenario: Scenario, port: number): string {
  const pki = join(scenario.dir, 'pki');
  const as = (who: string) =>
    `curl --cacert ${pki}/ca.pem --cert ${pki}/${who}.pem --key ${pki}/${who}.key`;
  const url = `https://127.0.0.1:${port}/v1`;
  return `
Everything is up. To try by hand:

  # allowed: the upstream shows what it received
  ${as('checkout')} \\
    ${url}/tenants/acme/accounts/42

  # denied: a rule forbids refunds of account 17 to everybody
  ${as('checkout')} \\
    -i -X POST ${url}/tenants/acme/accounts/17/refunds

  # denied: reporting may read, not write
  ${as('reporting')} \\
    -i -X POST ${url}/tenants/acme/accounts/42/refunds

  # the records of it all
  tail -f ${scenario.evidence} ${scenario.decisions}

Ctrl-C stops everything and removes ${scenario.dir}
`;
}

/** What `--prepare` wrote, and how to start it. */
export function formatPrepared(scenario: Scenario): string {
  const { dir, remitConfig, envoyConfig } = scenario;
  const { upstreamHttp, upstreamGrpc, envoy } = DEFAULT_PORTS;
  return `wrote ${dir}: pki/ policies/ remit.yaml envoy.json (valid for twelve hours)

  npx remit serve --config ${remitConfig}
  node demo/upstream.ts --http ${upstreamHttp} --grpc ${upstreamGrpc}
  .tools/envoy-*/lib/python3*/site-packages/envoy/_bin/envoy -c ${envoyConfig}
  curl --cacert ${dir}/pki/ca.pem --cert ${dir}/pki/checkout.pem --key ${dir}/pki/checkout.key \\
    https://127.0.0.1:${envoy}/v1/tenants/acme/accounts/42
`;
}
