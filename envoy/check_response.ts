// Encodes envoy.service.auth.v3.CheckResponse. To Envoy a missing status means allow, so the one
// function that writes a response takes the status first and always writes it, zero included.
//
// Everything in a response is ASCII by construction (ids, names, reason codes), so a message is put
// together as a string of bytes: lengths are string lengths, constant parts are made at load.

import type { Verdict } from '../engine/check.ts';
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

/** Text whose every character is one byte of a message. */
type Bytes = string;

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

/** A length-delimited field: text or a message. */
function field(number: number, content: Bytes): Bytes {
  return String.fromCharCode((number << 3) | 2) + varint(content.length) + content;
}

function varintField(number: number, value: number): Bytes {
  return String.fromCharCode(number << 3) + varint(value);
}

/** HeaderValueOption that replaces what was there: both ways of saying so, old and new. */
function overwrite(name: string, value: string): Bytes {
  const header = field(1, name) + field(2, value);
  const appendFalse = field(2, '');
  return field(1, header) + appendFalse + varintField(3, OVERWRITE_IF_EXISTS_OR_ADD);
}

/** An entry of google.protobuf.Struct.fields whose value is a string. */
function structText(name: string, value: string): Bytes {
  return field(1, field(1, name) + field(2, field(3, value)));
}

/** INVARIANT: no response leaves without an explicit status, and only this function makes one. */
function response(status: StatusCode, http: Bytes, metadata: Bytes): Buffer {
  return Buffer.from(field(1, varintField(1, status)) + http + metadata, 'latin1');
}

const REMOVED = REMOVED_HEADERS.map((name) => field(5, name)).join('');
const REMOVED_AND_PRINCIPAL = REMOVED + field(5, PRINCIPAL_HEADER);

/** What is constant in the denial for one reason and one kind of client. */
interface DenialParts {
  readonly status: StatusCode;
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
    headers += field(2, overwrite('x-envoy-ratelimited', 'true'));
    headers += field(2, overwrite('x-envoy-overloaded', 'true'));
  }
  if (client === 'http') {
    headers += field(2, overwrite('content-type', 'application/problem+json'));
  }
  const problem = `{"type":"urn:remit:${kind}","title":"${reasonTitle(reason)}","status":${http}`;
  return {
    status: grpcCode(reason),
    httpStatus: field(1, varintField(1, http)),
    headers,
    bodyStart: client === 'http' ? `${problem},"decisionId":"` : undefined,
  };
}

/** @param removed further headers that the upstream must not see; ASCII */
export function encodeCheckResponse(
  verdict: Verdict,
  decisionId: string,
  client: ClientKind,
  removed: readonly string[] = [],
): Buffer {
  const { decision, principal } = verdict;
  const id = principal?.id ?? '';
  const metadata = field(
    4,
    field(
      1,
      field(1, 'remit') +
        field(
          2,
          field(
            5,
            structText('decision_id', decisionId) +
              structText('outcome', decision.outcome) +
              structText('reason', decision.reason ?? '') +
              structText('principal', id) +
              structText('policy', decision.rules[0] ?? ''),
          ),
        ),
    ),
  );
  if (decision.reason === undefined) {
    return response(0, okResponse(decisionId, id, removed), metadata);
  }
  const parts = DENIALS[client].get(decision.reason)!;
  return response(parts.status, deniedResponse(parts, decisionId), metadata);
}

/**
 * OkHttpResponse (field 3): identity headers are replaced, and removed when there is no identity.
 */
function okResponse(decisionId: string, principal: string, removed: readonly string[]): Bytes {
  const identity = field(2, overwrite(DECISION_ID_HEADER, decisionId));
  const more = removed.map((name) => field(5, name)).join('');
  if (principal === '') return field(3, identity + REMOVED_AND_PRINCIPAL + more);
  return field(3, identity + field(2, overwrite(PRINCIPAL_HEADER, principal)) + REMOVED + more);
}

/** DeniedHttpResponse (field 2). */
function deniedResponse(parts: DenialParts, decisionId: string): Bytes {
  const { httpStatus, headers, bodyStart } = parts;
  const id = field(2, overwrite(DECISION_ID_HEADER, decisionId));
  const body = bodyStart === undefined ? '' : field(3, `${bodyStart}${decisionId}"}`);
  return field(2, httpStatus + headers + id + body);
}
