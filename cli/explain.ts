// `remit explain`: why a request was decided as it was, rule by rule, and what would flip it.

import { text as textOf } from 'node:stream/consumers';
import type { TestRequest } from '../engine/bundle/test_kind.ts';
import { nearest } from '../engine/diagnostic.ts';
import { type Command, CommandError, type CommandOptions, readOptions } from './command.ts';
import { considerRules } from './explain/considered.ts';
import { explanationJson, explanationText } from './explain/explain_report.ts';
import { findFlip } from './explain/find_flip.ts';
import { recordedRequest } from './explain/recorded_request.ts';
import { instantOption } from './instant.ts';
import { type OfflineBundle, readOfflineBundle } from './offline_bundle.ts';
import { print } from './output.ts';
import { type Rehearsal, rehearse, timeOf } from './rehearsal/rehearse.ts';
import {
  CIRCUMSTANCE_HELP,
  CIRCUMSTANCE_OPTIONS,
  circumstancesOf,
} from './rehearsal/request_options.ts';
import { plannedCases } from './rehearsal/run_tests.ts';
import { paletteOf } from './terminal.ts';

const text = { type: 'string' } as const;

const OPTIONS = {
  ...CIRCUMSTANCE_OPTIONS,
  config: { type: 'string', completes: 'file' },
  case: text,
  record: { type: 'boolean' },
  json: { type: 'boolean' },
  principal: text,
  service: text,
  method: text,
  path: text,
  grpc: text,
  sni: text,
  port: text,
} as const satisfies CommandOptions;

export const explainCommand: Command = {
  options: OPTIONS,
  takes: 'file',
  help: `Explains a decision: the outcome, the facts that it rests on, every rule that reaches the service with
the dimensions that matched and failed, and one change (a value of the request, a fact, or a rule) that
flips the outcome, found by deciding again.

Usage: remit explain DIR (--case NAME | --service SERVICE [options] | --record) [--json]
       remit explain --config remit.yaml …

Which request:
  --case NAME        a case of a Test, by its name or \`namespace/test/name\`
  --record           a line of the decision log on standard input; it holds no headers, query or body
  --service SERVICE  \`namespace/service\`, with:
  --principal ID     the caller's SPIFFE ID; without it an anonymous caller
  --method GET, --path /PATH?QUERY    or --grpc /package.Service/Method, or --sni NAME, --port N
${CIRCUMSTANCE_HELP}
Options:
  --config FILE      take the bundle and the settings from a remit.yaml
  --json             one JSON object instead of text

Exit codes: 0 it was explained, whatever the outcome, 2 bad usage or bundle.

Examples:
  remit explain ./policies --case 'reports may not refund'
  remit explain ./policies --service pay/payments --principal spiffe://prod.example/ns/bi/sa/x --path /v1/a
  tail -1 decisions.ndjson | remit explain --config remit.yaml --record --json
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    if (positionals.length > 1) {
      throw new CommandError(`unexpected \`${positionals[1]}\`; see --help`);
    }
    const ways = [values.case, values.record, values.service].filter((it) => it !== undefined);
    if (ways.length !== 1) {
      throw new CommandError('expected one of --case, --record and --service; see --help');
    }
    const circumstances = circumstancesOf(values);
    const loaded = readOfflineBundle(positionals[0], values.config, 'one folder');
    let rehearsal: Rehearsal;
    if (values.case !== undefined) rehearsal = caseOf(values.case, loaded);
    else if (values.record === true) {
      rehearsal = { request: recordedRequest((await textOf(process.stdin)).trim()), ...HERE };
    } else rehearsal = { request: requestOf(values), ...HERE };
    const request = { ...rehearsal.request, ...circumstances };
    const asked = { ...rehearsal, request };
    if (request.at !== undefined) instantOption('--at', request.at);
    const verdict = rehearse(asked, loaded.snapshot);
    const rules = considerRules(verdict, loaded.snapshot);
    const flip = findFlip({ rehearsal: asked, verdict, rules }, loaded);
    const explanation = { at: timeOf(asked), verdict, rules, flip };
    await print(
      values.json === true
        ? explanationJson(explanation)
        : explanationText(explanation, paletteOf(process.stdout)),
    );
    return 0;
  },
};

const HERE = { namespace: '', now: Date.now() };

function caseOf(name: string, { bundle, path }: OfflineBundle): Rehearsal {
  const all = plannedCases(bundle);
  const full = ({ test, it }: (typeof all)[number]) => `${test}/${it.name}`;
  const found = all.filter((planned) => planned.it.name === name || full(planned) === name);
  const [planned, other] = found;
  if (planned === undefined) {
    const near = nearest(
      name,
      all.map(({ it }) => it.name),
    );
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    throw new CommandError(`the bundle \`${path}\` has no test case \`${name}\`${hint}`);
  }
  if (other !== undefined) {
    const names = found.map((it) => `\`${full(it)}\``).join(' or ');
    throw new CommandError(`\`${name}\` is more than one case; expected ${names}`);
  }
  const { namespace, now, it } = planned;
  return { request: it.request, namespace, now: now === undefined ? HERE.now : Date.parse(now) };
}

function requestOf(
  values: {
    readonly [K in 'service' | 'principal' | 'method' | 'path' | 'grpc' | 'sni' | 'port']?:
      | string
      | undefined;
  },
): TestRequest {
  const { service = '', principal, method, path, grpc, sni, port } = values;
  if (!service.includes('/')) {
    throw new CommandError(`--service \`${service}\`; expected \`namespace/service\``);
  }
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && !(Number.isInteger(number) && number > 0 && number < 65_536)) {
    throw new CommandError(`--port \`${port}\` is no port; expected 1 to 65535`);
  }
  const isConnection = sni !== undefined || number !== undefined;
  if (isConnection && [method, path, grpc].some((it) => it !== undefined)) {
    throw new CommandError('a connection (--sni, --port) has no method or path');
  }
  const connection = isConnection ? { sni, port: number } : undefined;
  return { service, principal, method, path, grpc, connection };
}
