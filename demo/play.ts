// Plays the script: sends each request as its workload, and holds what came of it, as client,
// upstream and Remit's records tell it, against what was expected.

import { IDS } from './bundle.ts';
import { type GrpcAnswer, type HttpAnswer, sendGrpc, sendHttp, type Target } from './client.ts';
import type { Svid } from './pki.ts';
import { type RecordPair, readRecords } from './records.ts';
import { REFUSED_BY_ENVOY, type ScriptedRequest } from './requests.ts';
import { LISTENER, type Scenario } from './scenario.ts';
import type { Echo } from './upstream.ts';

/** One line of the table. */
export interface Row {
  readonly who: string;
  readonly what: string;
  readonly shows: string;
  readonly status: string;
  readonly reason: string;
  readonly rule: string;
  readonly records: RecordPair | undefined;
  /** What was not as expected; empty when all was. */
  readonly mistakes: readonly string[];
}

/** What a client can tell of a request, whatever its protocol. */
interface Result {
  readonly status: number;
  readonly statusText: string;
  /** From the refusal's header, or from the upstream, which saw it in the request. */
  readonly decisionId: string;
  /** `x-remit-principal` as the upstream saw it; undefined when the request did not get there. */
  readonly upstreamPrincipal: string | undefined;
  readonly mistakes: readonly string[];
}

/** Sends one request and judges it. */
export async function play(
  request: ScriptedRequest,
  scenario: Scenario,
  ports: ReadonlyMap<string, number>,
): Promise<Row> {
  const anonymous = request.who === 'anonymous';
  const caller = request.who === 'anonymous' ? undefined : scenario.svids[request.who];
  const target = makeTarget(
    scenario,
    ports,
    anonymous ? LISTENER.optionalCertificate : LISTENER.mtls,
  );
  const result = await send(request, target, caller);
  const { status, statusText, decisionId } = result;
  const records = decisionId === '' ? undefined : await readRecords(scenario, decisionId);
  const shadow = records?.decision.shadow?.[0];
  const rules = records?.decision.rules.join(' ') ?? '';
  const row = {
    who: request.who,
    what: describe(request),
    shows: request.shows,
    status: statusText,
    reason: records ? reasonOf(records) : REFUSED_BY_ENVOY,
    rule: shadow ? `${rules} (on trial: ${shadow.rule} would ${shadow.outcome})`.trim() : rules,
    records,
  };
  return { ...row, mistakes: [...result.mistakes, ...compare(request, row, status, result)] };
}

/** Envoy's listener `name`, as a workload addresses it. */
export function makeTarget(
  scenario: Scenario,
  ports: ReadonlyMap<string, number>,
  name: string,
): Target {
  const port = ports.get(name);
  if (port === undefined) throw new Error(`envoy has no listener \`${name}\``);
  return { port, trustedCaPem: scenario.ca.certificatePem, spiffeId: IDS.payments };
}

async function send(
  request: ScriptedRequest,
  target: Target,
  caller: Svid | undefined,
): Promise<Result> {
  if ('http' in request) return readHttp(await sendHttp(target, caller, request.http));
  return readGrpc(await sendGrpc(target, caller, request.grpc));
}

function readHttp(answer: HttpAnswer): Result {
  const { status, headers, body } = answer;
  const statusText = String(status);
  const fromHeader = headerText(headers['x-remit-decision-id']);
  if (status === 200) {
    // Only the upstream answers 200, with what it received.
    const echo = JSON.parse(body) as Echo;
    const decisionId = echo.headers['x-remit-decision-id'] ?? '';
    const upstreamPrincipal = echo.headers['x-remit-principal'] ?? '';
    return { status, statusText, decisionId, upstreamPrincipal, mistakes: [] };
  }
  const mistakes: string[] = [];
  if (fromHeader !== '' && !isProblem(answer, fromHeader)) {
    mistakes.push(`the body is no problem of this decision: ${body.slice(0, 200)}`);
  }
  return { status, statusText, decisionId: fromHeader, upstreamPrincipal: undefined, mistakes };
}

function readGrpc(answer: GrpcAnswer): Result {
  const { code, response, metadata } = answer;
  const fromHeader = metadata.get('x-remit-decision-id')[0]?.toString() ?? '';
  return {
    status: code,
    statusText: `grpc ${code}`,
    decisionId: response?.metadata['x-remit-decision-id'] ?? fromHeader,
    upstreamPrincipal: response?.metadata['x-remit-principal'],
    mistakes: [],
  };
}

/** RFC 9457: the refusal names the decision, and its kind, but not the reason. */
function isProblem(answer: HttpAnswer, decisionId: string): boolean {
  if (answer.headers['content-type'] !== 'application/problem+json') return false;
  // Remit's own body, whose fields are checked right here.
  const problem = JSON.parse(answer.body) as Record<string, unknown>;
  return problem['decisionId'] === decisionId && problem['status'] === answer.status;
}

function compare(
  { who, expect }: ScriptedRequest,
  row: Pick<Row, 'reason' | 'rule' | 'records'>,
  status: number,
  { upstreamPrincipal }: Result,
): string[] {
  const mistakes: string[] = [];
  const check = (name: string, actual: unknown, wanted: unknown) => {
    if (actual !== wanted) mistakes.push(`${name} is \`${actual}\`, not \`${wanted}\``);
  };
  check('status', status, expect.status);
  check('reason', row.reason, expect.reason);
  if (expect.rule) check('rule', row.records?.decision.rules[0], expect.rule);
  if (expect.shadow) check('shadow rule', row.records?.decision.shadow?.[0]?.rule, expect.shadow);
  const wanted = expect.reason === 'allow' && who !== 'anonymous' ? IDS[who] : undefined;
  check("the upstream's x-remit-principal", upstreamPrincipal, wanted);
  return mistakes;
}

function reasonOf({ decision }: RecordPair): string {
  return decision.reasons.length > 0 ? decision.reasons.join(' ') : decision.outcome;
}

function describe(request: ScriptedRequest): string {
  if ('grpc' in request) return `gRPC Ledger/${request.grpc.method}`;
  const { method, path, headers = {} } = request.http;
  const forged = Object.keys(headers).filter((name) => name.startsWith('x-remit-'));
  return [`${method} ${path}`, ...forged.map((name) => `with its own ${name}`)].join(' ');
}

function headerText(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(',') ?? '');
}
