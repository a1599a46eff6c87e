// Encodes envoy.service.auth.v3.CheckResponse. To Envoy a missing status means allow, so the one
// function that writes a response takes the status first and always writes it, zero included.
//
// Everything in a response is ASCII by construction (ids, names, reason codes), so a message is put
// together as a string of bytes: lengths are string lengths, constant parts are made at load.

import type { Challenge } from '../engine/challenge.ts';
import type { Verdict } from '../engine/check.ts';
import { type Decision, NO_OBLIGATIONS, type Obligations } from '../engine/decision.ts';
import {
  challengedStatus,
  grpcCode,
  REASON_CODES,
  REASONS,
  type Reason,
  reasonClass,
  reasonTitle,
} from '../engine/reason.ts';
import type { ClientKind } from './client_kind.ts';
import { principalText } from './principal_text.ts';
import {
  DECISION_ID_HEADER,
  IDENTITY_HEADER,
  PRINCIPAL_HEADER,
  REMOVED_HEADERS,
} from './reserved_headers.ts';
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
const REMOVED_PRINCIPAL = field(5, PRINCIPAL_HEADER);
const REMOVED_IDENTITY = field(5, IDENTITY_HEADER);

/** What is constant in the denial for one reason and one kind of client. */
interface DenialParts {
  readonly status: StatusCode;
  readonly reason: Bytes;
  readonly httpStatus: Bytes;
  readonly headers: Bytes;
  readonly bodyStart: string | undefined;
}

type Denials = Readonly<Record<ClientKind, ReadonlyMap<Reason, DenialParts>>>;

const DENIALS = denials(REASON_CODES, (reason) => REASONS[reason].http);
/** The same with a challenge, where a reason may carry one. */
const CHALLENGED = denials(
  REASON_CODES.filter((reason) => REASONS[reason].challenge !== 'none'),
  challengedStatus,
);
const CHALLENGE = field(1, 'www-authenticate');
const NONCE = field(1, 'dpop-nonce');
const UNCACHED = field(2, overwrite(field(1, 'cache-control'), 'no-store')); // RFC 9449 8.2

function denials(reasons: readonly Reason[], status: (reason: Reason) => number): Denials {
  const of = (client: ClientKind) =>
    new Map(reasons.map((reason) => [reason, denialParts(reason, client, status(reason))]));
  return { http: of('http'), grpc: of('grpc') };
}

function denialParts(reason: Reason, client: ClientKind, http: number): DenialParts {
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

/** The upstream hand-off of an allow; without a token the header is removed. */
export interface IdentityHeader {
  readonly header: string;
  readonly token: string;
}

/**
 * @param removed further headers that the upstream must not see; ASCII
 * @param challenge of a denial whose reason may carry one
 * @param identity undefined where hand-off is off
 */
export function encodeCheckResponse(
  verdict: Verdict,
  decisionId: string,
  client: ClientKind,
  removed: readonly string[] = NOTHING_MORE,
  challenge?: Challenge,
  identity?: IdentityHeader,
): Buffer {
  const { decision, principal } = verdict;
  const id = principal?.id ?? '';
  // Obligations may hold any text, and a template's place for the id is found by its text.
  const isOwn = removed.length > 0 || identity !== undefined;
  if (isOwn || decision.obligations !== NO_OBLIGATIONS) {
    const handedOn = removed.map((name) => field(5, name)).join('') + identityHeader(identity);
    return encode(decision, id, decisionId, client, handedOn, challenge);
  }
  const templates = TEMPLATES[client];
  // No reason has a space in it.
  const asked = challenge === undefined ? '' : ` ${challenge.text} ${challenge.nonce ?? ''}`;
  const kind = (decision.reason ?? 'allow') + asked;
  const rule = decision.rules[0] ?? '';
  const template =
    templates.get(kind, id, rule) ??
    templates.add(
      kind,
      id,
      rule,
      encode(decision, id, ID_PLACEHOLDER, client, REMOVED_IDENTITY, challenge),
    );
  return template.fill(decisionId);
}

function encode(
  decision: Decision,
  id: string,
  decisionId: string,
  client: ClientKind,
  handedOn: Bytes,
  challenge: Challenge | undefined,
): Buffer {
  const { reason } = decision;
  const principal = principalText(id);
  if (reason === undefined) {
    const entries = metadata(decision, METADATA.noReason, decisionId, principal);
    const headers = obligedHeaders(decision.obligations);
    return response(0, okResponse(decisionId, principal, handedOn, headers), entries);
  }
  // INVARIANT: a reason that is not in the table throws; it never becomes an allow.
  const parts = (challenge === undefined ? DENIALS : CHALLENGED)[client].get(reason)!;
  const entries = metadata(decision, parts.reason, decisionId, principal);
  const { denialBody } = decision.obligations;
  const asked = challenge && challengeHeaders(challenge);
  return response(parts.status, deniedResponse(parts, decisionId, denialBody, asked), entries);
}

function challengeHeaders({ text, nonce }: Challenge): Bytes {
  const asked = field(2, overwrite(CHALLENGE, text));
  return nonce === undefined ? asked : asked + field(2, overwrite(NONCE, nonce)) + UNCACHED;
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
function okResponse(decisionId: string, principal: string, handedOn: Bytes, obliged: Bytes): Bytes {
  const identity = field(2, overwrite(DECISION_ID, decisionId)) + obliged;
  if (principal === '') return field(3, identity + REMOVED + handedOn + REMOVED_PRINCIPAL);
  return field(3, identity + field(2, overwrite(PRINCIPAL, principal)) + REMOVED + handedOn);
}

/** INVARIANT: a client's own copy never passes: the header is replaced, or removed. */
function identityHeader(identity: IdentityHeader | undefined): Bytes {
  if (identity === undefined) return REMOVED_IDENTITY;
  const { header, token } = identity;
  const name = field(1, header);
  const said = token === '' ? field(5, header) : field(2, overwrite(name, token));
  // Envoy removes after it sets, so one header never stands in both lists.
  return header === IDENTITY_HEADER ? said : said + REMOVED_IDENTITY;
}

/** DeniedHttpResponse (field 2). */
function deniedResponse(
  parts: DenialParts,
  decisionId: string,
  detail: string,
  challenge: Bytes = '',
): Bytes {
  const { httpStatus, headers, bodyStart } = parts;
  const id = field(2, overwrite(DECISION_ID, decisionId));
  // RFC 9457 section 3.1.4; what an author may write is printable ASCII.
  const more = detail === '' ? '' : `,"detail":${JSON.stringify(detail)}`;
  const body = bodyStart === undefined ? '' : field(3, `${bodyStart}${decisionId}"${more}}`);
  return field(2, httpStatus + headers + challenge + id + body);
}
