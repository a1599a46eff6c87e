// CheckRequests as the official .proto files encode them, or byte by byte for what no honest
// encoder writes; and CheckResponses as the official files decode them.

import assert from 'node:assert/strict';
import { NO_FACTS } from '../../engine/facts.ts';
import type { Asker } from '../../engine/identity/enforcer.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { type Answer, checkEnvoy } from '../../envoy/check.ts';
import { encodeCheckResponse } from '../../envoy/check_response.ts';
import { CHECKOUT, NOW, PAYMENTS } from '../engine/fixture.ts';
import { loadOfficialRoot } from '../proto/official.ts';
import { recorded } from '../support/recorded.ts';

const official = loadOfficialRoot();
const CheckRequest = official.lookupType('envoy.service.auth.v3.CheckRequest');
const CheckResponse = official.lookupType('envoy.service.auth.v3.CheckResponse');

export const DECISION_ID = '01936f2a-7c00-7000-8000-000000000001';

/** What a request says; what it does not say has a harmless default. */
export interface Wire {
  readonly caller?: string;
  readonly destination?: string;
  readonly extensions?: Readonly<Record<string, string>>;
  /** `METHOD /path`; null for a connection without HTTP. */
  readonly http?: string | null;
  readonly host?: string;
  readonly sni?: string;
  /** Of the destination's address. */
  readonly port?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `header_map`, where repeated headers stay apart. */
  readonly lines?: readonly (readonly [name: string, value: string])[];
}

/** The request as an object of the official type. */
export function messageOf(wire: Wire): object {
  const { caller = CHECKOUT, destination = PAYMENTS, http = 'GET /a' } = wire;
  const [method, path] = (http ?? '').split(' ');
  const raw = wire.lines?.map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  const request = {
    id: '1',
    method,
    path,
    host: wire.host ?? 'payments.example',
    scheme: 'https',
    protocol: 'HTTP/2',
    headers: { 'user-agent': 'test', ...wire.headers },
    ...(raw && { header_map: { headers: raw } }),
  };
  return {
    attributes: {
      source: { principal: caller, address: { socket_address: { address: '10.0.0.1' } } },
      destination: {
        principal: destination,
        address: { socket_address: { address: '10.0.0.2', port_value: wire.port ?? 443 } },
      },
      request: { time: { seconds: 1, nanos: 2 }, ...(http !== null && { http: request }) },
      context_extensions: wire.extensions ?? {},
      tls_session: { sni: wire.sni ?? 'payments.example' },
    },
  };
}

export function encode(message: object): Buffer {
  return Buffer.from(CheckRequest.encode(CheckRequest.fromObject(message)).finish());
}

export function bytesOf(wire: Wire = {}): Buffer {
  return encode(messageOf(wire));
}

export function answerTo(
  snapshot: Snapshot,
  bytes: Buffer,
  asker: Asker = { kind: 'local' },
): Answer {
  const step = checkEnvoy(bytes, asker, snapshot, NO_FACTS, NOW);
  assert.ok(step.kind === 'answer');
  const { verdict, view } = step.answer;
  recorded(verdict, snapshot, NOW, {
    ...{ method: view?.method ?? '', path: view?.path ?? '', host: view?.host ?? '' },
    ...{ destination: view?.destinationPrincipal ?? '', requestId: view?.headers.requestId ?? '' },
  });
  return step.answer;
}

/** `allow`, or the reason of the denial. */
export function outcomeOf({ verdict }: Answer): string {
  const { outcome, reason } = verdict.decision;
  assert.equal(outcome === 'allow', reason === undefined);
  return reason ?? 'allow';
}

export interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append?: { readonly value?: boolean };
  readonly append_action?: string;
}

/** What the official files make of a response; a field that was not sent is absent. */
export interface Response {
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly ok_response?: {
    readonly headers?: readonly HeaderOption[];
    readonly headers_to_remove?: readonly string[];
  };
  readonly denied_response?: {
    readonly status?: { readonly code?: string };
    readonly headers?: readonly HeaderOption[];
    readonly body?: string;
  };
  readonly dynamic_metadata?: { readonly fields?: object };
}

export function decode(bytes: Buffer): Response {
  const message = CheckResponse.decode(bytes);
  assert.deepEqual(
    Buffer.from(CheckResponse.encode(message).finish()).length,
    bytes.length,
    'nothing in it that the official files do not know',
  );
  return CheckResponse.toObject(message, { enums: String, longs: Number });
}

export function responseTo({ verdict, client }: Answer): Response {
  return decode(encodeCheckResponse(verdict, DECISION_ID, client));
}

/** A varint of the wire format, padded to `length` bytes if it says so. */
export function varint(value: number, length = 1): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f || bytes.length < length - 1) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** A field with the given wire type and whatever follows its tag. */
export function raw(number: number, wire: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + wire), content]);
}

/** A length-delimited field: text or the parts of a message. */
export function field(number: number, ...parts: (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return raw(number, 2, Buffer.concat([varint(content.length), content]));
}
