// Encodes envoy.service.auth.v3.CheckResponse. To Envoy a missing status means allow, so the one
// function that writes a response takes the status first and always writes it, zero included.
//
// Everything in a response is ASCII by construction (ids, names, reason codes), so a message is put
// together as a string of bytes: lengths are string lengths, constant parts are made at load.

import type { Verdict } from '../engine/check.ts';
import { type Decision, NO_OBLIGATIONS, type Obligations } from '../engine/decision.ts';
import {
  grpcCode,
  REASON_CODES,
  REASONS,
  type Reason,
  reasonClass,
  reasonTitle,
} from '../engine/reason.ts';
import type { ClientKind } from './client_kind.ts';
import { DECISION_ID_HEADER, PRINCIPAL_HEADER, REMOVED_HEADERS } from './reserved_headers.ts';
import { ID_PLACEHOLDER, ResponseTemplates } from './response_template.ts';

/** Text whose every character is one byte of a message. */
type Bytes = string;

/** A name as field 1 of its message, made at load. */
type Name = Bytes;

/** google.rpc.Code: OK, PERMISSION_DENIED, UNAVAILABLE, UNAUTHENTICATED. */
type StatusCode = 0 | 7 | 14 | 16;

/** HeaderValueOption.HeaderAppendAction */
const OVERWRITE_IF_EXISTS_OR_ADD = 2;

function varint(value: number): Bytes {
  let rest = value;
  let bytes = '';
  while (rest > 0x7f) {
    bytes += String.fromCharCode((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return bytes + String.fromCharCode(rest);
}

/** Tag and length of a length-delimited field. */
function fieldHead(number: number, length: number): Bytes {
  return String.fromCharCode((number << 3) | 2) + varint(length);
}

/** Of fields 0 to 5 and lengths below 512, which is nearly all: making them took half the time. */
const FIELD_HEADS = Array.from({ length: 6 }, (_, number) =>
  Array.from({ length: 512 }, (_, length) => fieldHead(number, length)),
);

/** A length-delimited field: text or a message. */
function field(number: number, content: Bytes): Bytes {
  const { length } = content;
  return (FIELD_HEADS[number]?.[length] ?? fieldHead(number, length)) + content;
}

function varintField(number: number, value: number): Bytes {
  return String.fromCharCode(number << 3) + varint(value);
}

/** Both ways of saying so: `append: false`, and the action that took its place. */
const REPLACES = field(2, '') + varintField(3, OVERWRITE_IF_EXISTS_OR_ADD);

/** HeaderValueOption that replaces what was there. */
function overwrite(name: Name, value: string): Bytes {
  return field(1, name + field(2, value)) + REPLACES;
}

/** An entry of google.protobuf.Struct.fields whose value is a string. */
function structText(name: Name, value: string): Bytes {
  return field(1, name + field(2, field(3, value)));
}

/** INVARIANT: no response leaves without an explicit status, and only this function makes one. */
function response(status: StatusCode, http: Bytes, metadata: Bytes): Buffer {
  return Buffer.from(field(1, varintField(1, status)) + http + metadata, 'latin1');
}

const DECISION_ID = field(1, DECISION_ID_HEADER);
const PRINCIPAL = field(1, PRINCIPAL_HEADER);
/** Of the dynamic metadata. */
const METADATA = {
  namespace: field(1, 'remit'),
  decisionId: field(1, 'decision_id'),
  principal: field(1, 'principal'),
  policy: field(1, 'policy'),
  outcome: {
    allow: structText(field(1, 'outcome'), 'allow'),
    deny: structText(field(1, 'outcome'), 'deny'),
  },
  noReason: structText(field(1, 'reason'), ''),
} as const;

const REMOVED = REMOVED_HEADERS.map((name) => field(5, name)).join('');
const REMOVED_AND_PRINCIPAL = REMOVED + field(5, PRINCIPAL_HEADER);

/** What is constant in the denial for one reason and one kind of client. */
interface DenialParts {
  readonly status: StatusCode;
  readonly reason: Bytes;
  readonly httpStatus: Bytes;
  readonly headers: Bytes;
  readonly bodyStart: string | undefined;
}

const DENIALS: Readonly<Record<ClientKind, ReadonlyMap<Reason, DenialParts>>> = {
  http: new Map(REASON_CODES.map((reason) => [reason, denialParts(reason, 'http')])),
  grpc: new Map(REASON_CODES.map((reason) => [reason, denialParts(reason, 'grpc')])),
};

function denialParts(reason: Reason, client: ClientKind): DenialParts {
  const { http } = REASONS[reason];
  const kind = reasonClass(reason);
  let headers = '';
  // Envoy retries a 503 unless it is marked so (measured on 1.40), and a retry here is a new check.
  if (kind === 'sys') {
    headers += field(2, overwrite(field(1, 'x-envoy-ratelimited'), 'true'));
    headers += field(2, overwrite(field(1, 'x-envoy-overloaded'), 'true'));
  }
  if (client === 'http') {
    headers += field(2, overwrite(field(1, 'content-type'), 'application/problem+json'));
  }
  const problem = `{"type":"urn:remit:${kind}","title":"${reasonTitle(reason)}","status":${http}`;
  return {
    status: grpcCode(reason),
    reason: structText(field(1, 'reason'), reason),
    httpStatus: field(1, varintField(1, http)),
    headers,
    bodyStart: client === 'http' ? `${problem},"decisionId":"` : undefined,
  };
}

const NOTHING_MORE: readonly string[] = [];
const TEMPLATES: Readonly<Record<ClientKind, ResponseTemplates>> = {
  http: new ResponseTemplates(),
  grpc: new ResponseTemplates(),
};

/** @param removed further headers that the upstream must not see; ASCII */
export function encodeCheckResponse(
  verdict: Verdict,
  decisionId: string,
  client: ClientKind,
  removed: readonly string[] = NOTHING_MORE,
): Buffer {
  const { decision, principal } = verdict;
  const id = principal?.id ?? '';
  // Obligations may hold any text, and a template's place for the id is found by its text.
  if (removed.length > 0 || decision.obligations !== NO_OBLIGATIONS) {
    return encode(decision, id, decisionId, client, removed);
  }
  const templates = TEMPLATES[client];
  const kind = decision.reason ?? 'allow';
  const rule = decision.rules[0] ?? '';
  const template =
    templates.get(kind, id, rule) ??
    templates.add(kind, id, rule, encode(decision, id, ID_PLACEHOLDER, client, removed));
  return template.fill(decisionId);
}

function encode(
  decision: Decision,
  principal: string,
  decisionId: string,
  client: ClientKind,
  removed: readonly string[],
): Buffer {
  const { reason } = decision;
  if (reason === undefined) {
    const entries = metadata(decision, METADATA.noReason, decisionId, principal);
    const headers = obligedHeaders(decision.obligations);
    return response(0, okResponse(decisionId, principal, removed, headers), entries);
  }
  // INVARIANT: a reason that is not in the table throws; it never becomes an allow.
  const parts = DENIALS[client].get(reason)!;
  const entries = metadata(decision, parts.reason, decisionId, principal);
  const { denialBody } = decision.obligations;
  return response(parts.status, deniedResponse(parts, decisionId, denialBody), entries);
}

/** CheckResponse.dynamic_metadata (field 4): one Struct in the namespace `remit`. */
function metadata(decision: Decision, reason: Bytes, decisionId: string, principal: string): Bytes {
  const entries =
    structText(METADATA.decisionId, decisionId) +
    METADATA.outcome[decision.outcome] +
    reason +
    structText(METADATA.principal, principal) +
    structText(METADATA.policy, decision.rules[0] ?? '') +
    obligedMetadata(decision.obligations);
  return field(4, field(1, METADATA.namespace + field(2, field(5, entries))));
}

/** Of the rules that decided; names and values are ASCII, as the loader has seen to. */
function obligedHeaders({ headers }: Obligations): Bytes {
  return headers.map(([name, value]) => field(2, overwrite(field(1, name), value))).join('');
}

/** An entry `obligations` of the Struct, which is one itself. */
function obligedMetadata({ metadata }: Obligations): Bytes {
  if (metadata.length === 0) return '';
  const entries = metadata.map(([name, value]) => {
    return field(1, field(1, name) + field(2, structValue(value)));
  });
  return field(1, field(1, 'obligations') + field(2, field(5, entries.join(''))));
}

/** google.protobuf.Value: number_value (2), string_value (3), bool_value (4). */
function structValue(value: string | number | boolean): Bytes {
  if (typeof value === 'boolean') return varintField(4, value ? 1 : 0);
  if (typeof value === 'string') return field(3, Buffer.from(value).toString('latin1'));
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return String.fromCharCode((2 << 3) | 1) + bytes.toString('latin1');
}

/**
 * OkHttpResponse (field 3): identity headers are replaced, and removed when there is no identity.
 */
function okResponse(
  decisionId: string,
  principal: string,
  removed: readonly string[],
  obliged: Bytes,
): Bytes {
  const identity = field(2, overwrite(DECISION_ID, decisionId)) + obliged;
  const more = removed.map((name) => field(5, name)).join('');
  if (principal === '') return field(3, identity + REMOVED_AND_PRINCIPAL + more);
  return field(3, identity + field(2, overwrite(PRINCIPAL, principal)) + REMOVED + more);
}

/** DeniedHttpResponse (field 2). */
function deniedResponse(parts: DenialParts, decisionId: string, detail: string): Bytes {
  const { httpStatus, headers, bodyStart } = parts;
  const id = field(2, overwrite(DECISION_ID, decisionId));
  // RFC 9457 section 3.1.4; what an author may write is printable ASCII.
  const more = detail === '' ? '' : `,"detail":${JSON.stringify(detail)}`;
  const body = bodyStart === undefined ? '' : field(3, `${bodyStart}${decisionId}"${more}}`);
  return field(2, httpStatus + headers + id + body);
}
