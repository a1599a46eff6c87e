// The two records of a request (DESIGN section 8), one JSON line each, joined by the decision id:
// `authn.evidence` says what proved the caller, `authz.decision` why it was permitted or not. Both
// are always written; a stage that did not run says `not_evaluated`.
//
// Never written: a query value, a credential, and of headers and bodies anything that no rule read.

import type { Verdict } from './check.ts';
import { type Decision, NO_OBLIGATIONS, type Obligations } from './decision.ts';
import { credentialFields } from './record_credential.ts';
import { jsonText, jsonTextOrNull, RecordParts, timeText, untilText } from './record_text.ts';
import { inputsText } from './recorded_inputs.ts';
import type { Snapshot } from './snapshot.ts';

/** What the records need besides the verdict. */
export interface Occasion {
  readonly decisionId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly durationUs: number;
  /** The revision of the state that was seen. */
  readonly revision: number;
  readonly method: string;
  /** Raw, as the client sent it; its query is cut off here. */
  readonly path: string;
  readonly host: string;
  readonly destination: string;
  readonly requestId: string;
  /** W3C trace id, 32 hex digits; empty when none came. */
  readonly traceId: string;
  /** Of a connection, if they are read; empty and 0 otherwise. */
  readonly sni: string;
  readonly port: number;
}

export interface RecordLines {
  /** Each ends with a line feed. */
  readonly evidence: string;
  readonly decision: string;
}

export function recordLines(verdict: Verdict, occasion: Occasion, snapshot: Snapshot): RecordLines {
  const head =
    `"id":"${occasion.decisionId}","time":"${timeText(occasion.now)}",` +
    `"traceId":${jsonTextOrNull(occasion.traceId)}`;
  return {
    evidence: evidenceLine(verdict, occasion, head, snapshot),
    decision: decisionLine(verdict, occasion, head, snapshot),
  };
}

const evidenceParts = new RecordParts();
const decisionParts = new RecordParts();

function evidenceLine(
  { evidence }: Verdict,
  { now }: Occasion,
  head: string,
  { proof }: Snapshot,
): string {
  const { result, method, assurance, subject, issuer, enforcer, reason } = evidence;
  const facts = [result, method, assurance, issuer, reason, proof.digest];
  const part = evidenceParts.get(subject, enforcer, facts, () => {
    return (
      `"result":"${result}","method":"${method}","assurance":"${assurance}",` +
      `"subject":${jsonText(subject)},"issuer":${jsonText(issuer)},` +
      `"enforcer":${jsonText(enforcer)},"reason":${reason === undefined ? 'null' : `"${reason}"`},` +
      `"proofDigest":"${proof.digest}",`
    );
  });
  return `{"kind":"authn.evidence",${head},${part}${credentialFields(evidence, now)}}\n`;
}

function decisionLine(
  verdict: Verdict,
  occasion: Occasion,
  head: string,
  snapshot: Snapshot,
): string {
  const { decision, principal, service, access, evaluated, evidence } = verdict;
  const { reason, rules, ruleCount } = decision;
  const resource = access?.resource;
  const facts = [
    evaluated,
    reason,
    // Something rare, and never the same again.
    isOrdinary(decision) ? undefined : decision,
    ruleCount,
    evidence.enforcer,
    evidence.assurance,
    principal?.variant,
    // Values, not objects: a part that is kept must not keep an old snapshot alive.
    service?.id,
    access?.operation.environment,
    access?.operation.verb,
    access?.operation.dataClass,
    snapshot.policy.digest,
    snapshot.version,
    ...rules,
  ];
  const who = principal?.id ?? '';
  const part = decisionParts.get(access?.operation.id ?? '', who, facts, () => {
    return constantPart(verdict, snapshot);
  });
  const what =
    resource === undefined
      ? '"resource":null,"tenant":null'
      : `"resource":${jsonText(`${resource.type}/${resource.id}`)},` +
        `"tenant":${jsonTextOrNull(resource.tenant)}`;
  return (
    `{"kind":"authz.decision",${head},${part}${what},` +
    `"credential":${jsonTextOrNull(evidence.credential)},` +
    `"validUntil":${untilText(decision.validUntil)},` +
    `"revision":${occasion.revision},"durationUs":${occasion.durationUs}` +
    `${access === undefined ? '' : inputsText(access, snapshot.proof.issuers)},` +
    `"request":{"method":${jsonText(occasion.method)},` +
    `"path":${jsonText(withoutQuery(occasion.path))},"host":${jsonTextOrNull(occasion.host)},` +
    `"destination":${jsonTextOrNull(occasion.destination)},` +
    `"requestId":${jsonTextOrNull(occasion.requestId)},"sni":${jsonTextOrNull(occasion.sni)},` +
    `"port":${occasion.port === 0 ? 'null' : occasion.port}}}\n`
  );
}

/** Nothing besides the rules that decided: it comes again and again. */
function isOrdinary({ shadow, errors, obligations }: Decision): boolean {
  return shadow.length === 0 && errors.length === 0 && obligations === NO_OBLIGATIONS;
}

/** What is the same for each request of one caller to one operation, as long as it ends alike. */
function constantPart(
  { decision, principal, service, access, evaluated, evidence }: Verdict,
  snapshot: Snapshot,
): string {
  const { outcome, reason, rules, ruleCount, shadow, errors, obligations } = decision;
  const operation = access?.operation;
  const what =
    operation === undefined
      ? '"operation":null,"verb":null,"dataClass":null'
      : `"operation":"${operation.id}","verb":"${operation.verb}",` +
        `"dataClass":"${operation.dataClass}"`;
  return (
    `"result":"${evaluated ? 'evaluated' : 'not_evaluated'}","outcome":"${outcome}",` +
    `"reasons":[${reason === undefined ? '' : `"${reason}"`}],"rules":${JSON.stringify(rules)},` +
    `"ruleCount":${ruleCount},"shadow":${JSON.stringify(shadow)},` +
    `"errors":${JSON.stringify(errors)},"obligations":${obligationsText(obligations)},` +
    `"enforcer":${jsonText(evidence.enforcer)},"principal":${jsonTextOrNull(principal?.id ?? '')},` +
    `"actors":${JSON.stringify(principal?.actors.map(({ id }) => id) ?? [])},` +
    `"service":${jsonTextOrNull(service?.id ?? '')},${what},` +
    `"environment":${jsonTextOrNull(operation?.environment ?? service?.environment ?? '')},` +
    `"assurance":"${evidence.assurance}",` +
    `"policyDigest":"${snapshot.policy.digest}","snapshotVersion":${snapshot.version},`
  );
}

function obligationsText(obligations: Obligations): string {
  if (obligations === NO_OBLIGATIONS) return 'null';
  const { headers, metadata, denialBody } = obligations;
  return JSON.stringify({
    headers: Object.fromEntries(headers),
    metadata: Object.fromEntries(metadata),
    denialBody,
  });
}

/** A query may hold secrets; a fragment is never sent by honest clients. */
function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}
