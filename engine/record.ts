// The two records of a request (DESIGN section 8), one JSON line each, joined by the decision id:
// `authn.evidence` says what proved the caller, `authz.decision` why it was permitted or not. Both
// are always written; a stage that did not run says `not_evaluated`.
//
// Never written: a query value, a header value other than request id and trace id, a body, a
// credential.

import type { Verdict } from './check.ts';
import type { Evidence } from './evidence.ts';
import { RECORDED_TEXT_MAX } from './limits.ts';
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
    `"traceId":${orNull(occasion.traceId)}`;
  return {
    evidence: evidenceLine(verdict, occasion, head, snapshot),
    decision: decisionLine(verdict, occasion, head, snapshot),
  };
}

function evidenceLine(
  { evidence }: Verdict,
  { now }: Occasion,
  head: string,
  snapshot: Snapshot,
): string {
  const { result, method, assurance, subject, issuer, enforcer, reason } = evidence;
  return (
    `{"kind":"authn.evidence",${head},"result":"${result}","method":"${method}",` +
    `"assurance":"${assurance}","subject":${text(subject)},"issuer":${text(issuer)},` +
    `"enforcer":${text(enforcer)},${credentialFields(evidence, now)}` +
    `"reason":${reason === undefined ? 'null' : `"${reason}"`},` +
    `"proofDigest":"${snapshot.proof.digest}"}\n`
  );
}

/** The claims stand there once they were verified; a failed certificate keeps its digest. */
function credentialFields({ credential, svid }: Evidence, now: number): string {
  const id = `"credential":${orNull(credential)},`;
  if (svid === undefined) {
    return `${id}"keyThumbprint":null,"serial":null,"notBefore":null,"notAfter":null,"ageS":null,`;
  }
  const { keyThumbprint, serial, notBefore, notAfter } = svid;
  return (
    `${id}"keyThumbprint":"${keyThumbprint}","serial":"${serial}",` +
    `"notBefore":"${new Date(notBefore).toISOString()}",` +
    `"notAfter":"${new Date(notAfter).toISOString()}",` +
    `"ageS":${Math.floor((now - notBefore) / 1000)},`
  );
}

function decisionLine(
  { decision, principal, service, access, evaluated, evidence }: Verdict,
  occasion: Occasion,
  head: string,
  snapshot: Snapshot,
): string {
  const { outcome, reason, rules, ruleCount, shadow } = decision;
  const operation = access?.operation;
  const resource = access?.resource;
  const what =
    operation === undefined || resource === undefined
      ? `"operation":null,"verb":null,"resource":null,"dataClass":null,"tenant":null`
      : `"operation":"${operation.id}","verb":"${operation.verb}",` +
        `"resource":${text(`${resource.type}/${resource.id}`)},` +
        `"dataClass":"${operation.dataClass}","tenant":${orNull(resource.tenant)}`;
  return (
    `{"kind":"authz.decision",${head},"result":"${evaluated ? 'evaluated' : 'not_evaluated'}",` +
    `"outcome":"${outcome}","reasons":[${reason === undefined ? '' : `"${reason}"`}],` +
    `"rules":${rules.length === 0 ? '[]' : JSON.stringify(rules)},"ruleCount":${ruleCount},` +
    `"shadow":${shadow.length === 0 ? '[]' : JSON.stringify(shadow)},` +
    `"enforcer":${text(evidence.enforcer)},"principal":${orNull(principal?.id ?? '')},` +
    `"service":${orNull(service?.id ?? '')},${what},` +
    `"environment":${orNull(service?.environment ?? '')},` +
    `"credential":${orNull(evidence.credential)},` +
    `"policyDigest":"${snapshot.policy.digest}","snapshotVersion":${snapshot.version},` +
    `"revision":${occasion.revision},"durationUs":${occasion.durationUs},` +
    `"request":{"method":${text(occasion.method)},"path":${text(withoutQuery(occasion.path))},` +
    `"host":${orNull(occasion.host)},"destination":${orNull(occasion.destination)},` +
    `"requestId":${orNull(occasion.requestId)},"sni":${orNull(occasion.sni)},` +
    `"port":${occasion.port === 0 ? 'null' : occasion.port}}}\n`
  );
}

/** A query may hold secrets; a fragment is never sent by honest clients. */
function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

function orNull(value: string): string {
  return value === '' ? 'null' : text(value);
}

/** As JSON, cut at a bound: a caller does not choose how long a line gets. */
function text(value: string): string {
  const { length } = value;
  if (length > RECORDED_TEXT_MAX) {
    const cut = length - RECORDED_TEXT_MAX;
    return JSON.stringify(`${value.slice(0, RECORDED_TEXT_MAX)}…(${cut} more)`);
  }
  // Nearly all text is plain, and then a look at it costs less than a call into native code.
  for (let index = 0; index < length; index++) {
    if (PLAIN[value.charCodeAt(index)] !== 1) return JSON.stringify(value);
  }
  return `"${value}"`;
}

/** Characters that stand for themselves in JSON. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) => {
  return code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c ? 1 : 0;
});

let timeMs = -1;
let timeIso = '';

/** RFC 3339 in UTC; many requests share a millisecond, so the last text is kept. */
function timeText(now: number): string {
  if (now !== timeMs) {
    timeIso = new Date(now).toISOString();
    timeMs = now;
  }
  return timeIso;
}
