// `remit decide`: decides recorded or invented CheckRequests offline, by the same code path as
// `serve`, one JSON object a line in and one a line out (DESIGN section 9).

import { once } from 'node:events';
import { nearest } from '../engine/diagnostic.ts';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { grpcCode } from '../engine/reason.ts';
import { NotReplayable, replay } from '../engine/replay.ts';
import type { Snapshot } from '../engine/snapshot.ts';
import { checkRequestFromJson, checkResponseToJson } from '../proto/protojson.ts';
import { type Evaluated, Evaluator } from '../workers/evaluator.ts';
import {
  type Command,
  CommandError,
  type CommandOptions,
  EXIT_PARTLY,
  plainError,
  readOptions,
} from './command.ts';
import { instantOption } from './instant.ts';
import { readBundle, readConfig } from './read.ts';

const OPTIONS = {
  config: { type: 'string', completes: 'file' },
  now: { type: 'string' },
  enforcer: { type: 'string' },
} as const satisfies CommandOptions;

export const decideCommand: Command = {
  options: OPTIONS,
  help: `Decides CheckRequests: one protojson object a line on standard input, one decision a line on standard
output, in order, by the same engine and code path as \`remit serve\`. It acts as an enforcer that may
assert everything, unless one of the bundle is named.

Usage: remit decide --config remit.yaml [options] < checks.ndjson > decisions.ndjson

Options:
  --config FILE     the configuration; its bundle is used, its listeners and records are not
  --now TIME        decide at this time, RFC 3339, instead of now
  --enforcer ID     ask as this Enforcer of the bundle, \`name\` or \`namespace/name\`

A decision has outcome, http, grpc, reasons, rules, shadow, response (protojson) and evidence.

A line of the stream of decision records is decided again from what it holds, and compared:
replayed, same, samePolicy, outcome, reasons, rules.

Exit codes: 0 all lines were decided, 1 a line was no CheckRequest (it is denied, and told on standard
error), a record was decided otherwise, or decisions could not be written, 2 bad configuration or bundle.

Examples:
  remit decide --config remit.yaml < checks.ndjson
  remit decide --config remit.yaml --now 2026-12-01T18:00:00Z < checks.ndjson | jq .reasons
`,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS);
    if (positionals.length > 0)
      throw new CommandError(`unexpected \`${positionals[0]}\`; see --help`);
    const config = readConfig(values.config);
    const now = values.now === undefined ? undefined : instantOption('--now', values.now);
    const { snapshot } = readBundle(config.policies, config.settings);
    const asker = askerOf(values.enforcer, snapshot.proof.enforcers);
    const evaluator = new Evaluator(snapshot, {
      now: now === undefined ? Date.now : () => now,
      onInternalError: (error) => process.stderr.write(`remit decide: ${plainError(error)}\n`),
    });
    return decideLines(evaluator, asker, snapshot);
  },
};

async function decideLines(
  evaluator: Evaluator,
  asker: Asker,
  snapshot: Snapshot,
): Promise<number> {
  // Whoever read the decisions has gone, or the disk is full: there is nobody left to decide for.
  process.stdout.on('error', (error) => {
    process.stderr.write(`remit decide: cannot write: ${error.message}\n`);
    process.exit(EXIT_PARTLY);
  });
  let exitCode = 0;
  let number = 0;
  for await (const line of linesOf(process.stdin)) {
    number++;
    if (line.trim() === '') continue;
    if (isRecord(line)) {
      const { object, same } = decidedAgain(line, snapshot);
      if (!same) exitCode = EXIT_PARTLY;
      const more = process.stdout.write(`${JSON.stringify(object)}\n`);
      if (!more) await once(process.stdout, 'drain');
      continue;
    }
    let evaluated: Evaluated;
    try {
      const bytes = Buffer.from(checkRequestFromJson(JSON.parse(line)));
      evaluated = await evaluator.evaluate(bytes, asker);
    } catch (error) {
      process.stderr.write(
        `remit decide: line ${number} is no CheckRequest: ${plainError(error)}\n`,
      );
      evaluated = evaluator.refuse(new Failure('ctx.malformed_request', plainError(error)));
      exitCode = EXIT_PARTLY;
    }
    const more = process.stdout.write(`${JSON.stringify(decisionObject(evaluated))}\n`);
    if (!more) await once(process.stdout, 'drain');
  }
  return exitCode;
}

/** A line of the stream of decisions, and no CheckRequest. */
function isRecord(line: string): boolean {
  return /^\s*\{\s*"kind"\s*:\s*"authz\.decision"/.test(line);
}

function decidedAgain(line: string, snapshot: Snapshot) {
  const replayed = replay(line, snapshot);
  if (replayed instanceof NotReplayable) {
    return { object: { replayed: false, why: replayed.why }, same: false };
  }
  const { same, samePolicy, verdict } = replayed;
  const { outcome, reason, rules, shadow, errors } = verdict.decision;
  const reasons = reason === undefined ? [] : [reason];
  return {
    object: { replayed: true, same, samePolicy, outcome, reasons, rules, shadow, errors },
    same,
  };
}

/** Ended by a line feed only: JSON may hold what node:readline takes for the end of a line. */
async function* linesOf(input: NodeJS.ReadStream): AsyncGenerator<string> {
  input.setEncoding('utf8');
  let rest = '';
  for await (const chunk of input) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function decisionObject({ answer, response, http, evidenceLine }: Evaluated) {
  const { outcome, reason, rules, shadow } = answer.verdict.decision;
  return {
    outcome,
    http,
    grpc: reason === undefined ? 0 : grpcCode(reason),
    reasons: reason === undefined ? [] : [reason],
    rules,
    shadow,
    response: checkResponseToJson(response),
    evidence: JSON.parse(evidenceLine) as unknown,
  };
}

function askerOf(
  enforcer: string | undefined,
  known: { has(id: string): boolean; readonly ids: Iterable<string> },
): Asker {
  if (enforcer === undefined) return { kind: 'everything' };
  if (known.has(enforcer)) return { kind: 'named', enforcer };
  const ids = [...known.ids];
  const near = nearest(enforcer, ids);
  throw new CommandError(
    `the bundle has no Enforcer \`${enforcer}\`; it has ${ids.join(', ') || 'none'}` +
      (near === undefined ? '' : `; did you mean \`${near}\`?`),
  );
}
