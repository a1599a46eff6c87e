// `remit can-i`: may a principal do an operation on a resource; who may; and what one may do
// (C-033).

import type { TestRequest } from '../engine/bundle/test_kind.ts';
import type { Verdict } from '../engine/check.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../engine/spiffe_id.ts';
import {
  type Command,
  CommandError,
  type CommandOptions,
  EXIT_PARTLY,
  EXIT_USAGE,
  readOptions,
} from './command.ts';
import { type OfflineBundle, readOfflineBundle } from './offline_bundle.ts';
import { print } from './output.ts';
import { type Judgement, judge } from './rehearsal/judge.ts';
import {
  capturesOf,
  findOperation,
  type NamedOperation,
  requestOf,
  tenantCaptures,
  withRequired,
} from './rehearsal/operation_request.ts';
import { rehearse } from './rehearsal/rehearse.ts';
import {
  CIRCUMSTANCE_HELP,
  CIRCUMSTANCE_OPTIONS,
  type Circumstances,
  circumstancesOf,
} from './rehearsal/request_options.ts';
import { reachesOf } from './review/grants.ts';
import { inventoryEntries } from './review/inventory_entries.ts';
import { harmless, Progress, paletteOf } from './terminal.ts';

const OPTIONS = {
  ...CIRCUMSTANCE_OPTIONS,
  bundle: { type: 'string' },
  config: { type: 'string', completes: 'file' },
  who: { type: 'boolean' },
  what: { type: 'boolean' },
} as const satisfies CommandOptions;

export const canICommand: Command = {
  options: OPTIONS,
  help: `Says whether a principal may do an operation on a resource, decided by the same engine as \`remit serve\`.
Where the answer depends on values of the request that were not given, it says on which, and never yes.

Usage: remit can-i PRINCIPAL OPERATION RESOURCE --bundle DIR
       remit can-i --who OPERATION RESOURCE --bundle DIR
       remit can-i --what PRINCIPAL --bundle DIR

PRINCIPAL is a SPIFFE ID or \`anonymous\`, OPERATION \`namespace/service/operation\` or \`service/operation\`,
RESOURCE \`type/id\`, which is filled backwards into the path of the operation.

Options:
  --bundle DIR       the bundle; or --config FILE: a remit.yaml that names it
  --who              list the identities of the inventory that may, each decided
  --what             list operations and resources that the principal may reach, by policy alone
${CIRCUMSTANCE_HELP}
Exit codes: 0 yes (of --who and --what: somebody, something), 1 no or it depends, 2 bad usage or bundle.

Examples:
  remit can-i spiffe://prod.example/ns/shop/sa/checkout pay/payments/refund.create account/17 --bundle p
  remit can-i --who payments/refund.create account/17 --bundle ./policies
  remit can-i --what spiffe://prod.example/ns/shop/sa/checkout --config remit.yaml
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    const { who = false, what = false } = values;
    if (who && what) throw new CommandError('--who and --what are two questions; see --help');
    const expected = who ? 2 : what ? 1 : 3;
    if (positionals.length !== expected) {
      const wanted = who
        ? 'OPERATION RESOURCE'
        : what
          ? 'PRINCIPAL'
          : 'PRINCIPAL OPERATION RESOURCE';
      throw new CommandError(`expected ${wanted}; see --help`);
    }
    const circumstances = circumstancesOf(values);
    const loaded = readOfflineBundle(values.bundle, values.config, '--bundle DIR');
    const [first = '', second = '', third = ''] = positionals;
    const now = circumstances.at === undefined ? Date.now() : Date.parse(circumstances.at);
    if (what) return tellWhat(principalOf(first), loaded, now);
    const operation = who ? first : second;
    const resource = who ? second : third;
    const named = findOperation(loaded.bundle, operation);
    if (typeof named === 'string') throw new CommandError(named);
    const question = { named, resource, circumstances, now };
    return who ? tellWho(question, loaded) : tellOne(principalOf(first), question, loaded);
  },
};

interface Question {
  readonly named: NamedOperation;
  readonly resource: string;
  readonly circumstances: Circumstances;
  readonly now: number;
}

interface Answer extends Judgement {
  readonly verdict: Verdict;
  /** What the operation requires and nobody said. */
  readonly needs: readonly string[];
}

function principalOf(text: string): string | undefined {
  if (text === 'anonymous') return undefined;
  const id = parseSpiffeId(text);
  if (id instanceof SpiffeId) return text;
  throw new CommandError(`\`${text}\` is no principal: ${id.rule}`);
}

function ask(
  principal: string | undefined,
  { named, resource, circumstances, now }: Question,
  { snapshot }: OfflineBundle,
): Answer {
  const captures = capturesOf(named, resource);
  if (typeof captures === 'string') throw new CommandError(captures);
  const tenant = circumstances.tenant ?? tenantOf(principal, snapshot);
  const filled = new Map([...tenantCaptures(named, tenant), ...captures]);
  const made = requestOf(named, filled);
  if (made === undefined) {
    throw new CommandError(`no request of this version can be \`${named.id}\``);
  }
  const headers = { ...circumstances.headers };
  const said: TestRequest = { ...made.request, ...circumstances, headers, principal };
  const { request, filled: needs } = withRequired(said, named);
  const verdict = rehearse({ request, namespace: '', now }, snapshot);
  return {
    verdict,
    needs,
    ...judge(verdict, { request: said, unfilled: made.unfilled }, snapshot),
  };
}

function tenantOf(principal: string | undefined, { proof }: Snapshot): string {
  const id = parseSpiffeId(principal ?? '');
  return id instanceof SpiffeId ? proof.inventory.find(id).entry.tenant : '';
}

async function tellOne(
  principal: string | undefined,
  question: Question,
  loaded: OfflineBundle,
): Promise<number> {
  const answer = ask(principal, question, loaded);
  const { decision } = answer.verdict;
  const palette = paletteOf(process.stdout);
  const paint = { yes: palette.good, no: palette.bad, depends: palette.doubtful }[answer.answer];
  const until = new Date(decision.validUntil).toISOString();
  const lines = [paint(answer.answer)];
  if (answer.answer === 'yes') lines.push(`  by ${decision.rules.join(', ')}`);
  if (answer.answer !== 'no' && answer.needs.length > 0) {
    lines.push(`  with ${answer.needs.join(', ')}, which the operation requires`);
  }
  if (answer.answer === 'no' && decision.reason !== undefined) lines.push(`  ${decision.reason}`);
  if (answer.answer === 'no' && decision.rules.length > 0) {
    lines.push(`  by ${decision.rules.join(', ')}`);
  }
  for (const error of decision.errors) if (answer.answer === 'no') lines.push(`  ${error}`);
  for (const { rule, effect, condition, missing } of answer.dependsOn) {
    const what = condition === undefined ? 'its surroundings' : `\`${condition}\``;
    lines.push(`  depends on ${what} of ${effect} ${rule}; give ${missing.join(', ')}`);
  }
  lines.push(`  valid until ${until}`);
  await print(`${harmlessLines(lines)}\n`);
  return answer.answer === 'yes' ? 0 : EXIT_PARTLY;
}

function harmlessLines(lines: readonly string[]): string {
  const [first = '', ...rest] = lines;
  return [first, ...rest.map(harmless)].join('\n');
}

async function tellWho(question: Question, loaded: OfflineBundle): Promise<number> {
  const progress = new Progress('identities asked about');
  let done = 0;
  let some = false;
  for (const { name, principal } of inventoryEntries(loaded.snapshot)) {
    progress.tell(++done, loaded.snapshot.proof.inventory.size);
    const { answer, verdict, dependsOn } = ask(principal.id || undefined, question, loaded);
    if (answer === 'no') continue;
    some = true;
    const how =
      answer === 'yes'
        ? `by ${verdict.decision.rules.join(', ')}`
        : `depends on ${dependsOn.map(dependencyText).join('; ')}`;
    await print(`${harmless(`${answer.padEnd(8)}${name}  ${how}`)}\n`);
  }
  progress.end();
  if (!some) await print('nobody of the inventory\n');
  return some ? 0 : EXIT_PARTLY;
}

function dependencyText({ condition, rule }: Judgement['dependsOn'][number]): string {
  return `${condition === undefined ? 'its surroundings' : `\`${condition}\``} of ${rule}`;
}

async function tellWhat(
  principal: string | undefined,
  { snapshot }: OfflineBundle,
  now: number,
): Promise<number> {
  const id = parseSpiffeId(principal ?? '');
  if (!(id instanceof SpiffeId)) {
    throw new CommandError(
      '--what asks about an identity, not about anonymous callers',
      EXIT_USAGE,
    );
  }
  const known = snapshot.proof.inventory.find(id);
  if (!known.known) {
    await print('nothing: the identity stands in no inventory\n');
    return EXIT_PARTLY;
  }
  const progress = new Progress('operations looked at');
  let done = 0;
  let some = false;
  for (const reach of reachesOf(snapshot, now)) {
    progress.tell(++done);
    const { id: operation, verb, dataClass } = reach.route.operation;
    for (const { rule, resources, limits, except, expiresAt } of reach.grantsOf(known)) {
      some = true;
      const notes = [...limits];
      if (except.length > 0) notes.push(`except ${except.join(', ')}`);
      if (expiresAt !== undefined) notes.push(`until ${new Date(expiresAt).toISOString()}`);
      const what = `${operation}  ${verb}  ${resources.join(' ')}  ${dataClass}  by ${rule}`;
      const line = notes.length === 0 ? what : `${what}  (${notes.join('; ')})`;
      await print(`${harmless(line)}\n`);
    }
  }
  progress.end();
  if (!some) await print('nothing\n');
  return some ? 0 : EXIT_PARTLY;
}
