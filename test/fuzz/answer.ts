// A CheckResponse as the official .proto files decode it, and what of it the oracle foretells.

import assert from 'node:assert/strict';
import { CheckResponse } from './official_messages.ts';

export interface Expected {
  readonly outcome: string;
  readonly reason: string;
  readonly principal: string;
  /** The first rule that decided. */
  readonly policy: string;
  readonly grpc: number;
  /** Of a denial. */
  readonly http: number | undefined;
}

const BAD_REQUEST = [
  'ctx.malformed_request',
  'ctx.malformed_too_large',
  'ctx.duplicate_header',
  'ctx.ambiguous_path',
];

/** DESIGN 5.6: 16 for authn, 7 for authz and ctx, 14 for sys. */
export function grpcAndHttp(reason: string | undefined): Pick<Expected, 'grpc' | 'http'> {
  if (reason === undefined) return { grpc: 0, http: undefined };
  if (reason.startsWith('sys.')) return { grpc: 14, http: 503 };
  const http = BAD_REQUEST.includes(reason) ? 400 : 403;
  return { grpc: reason.startsWith('authn.') ? 16 : 7, http };
}

/**
 * What is read of the message; protobufjs spells the fields of google.protobuf.Struct its own way.
 */
interface Official {
  readonly status: { readonly code: number };
  readonly denied_response: { readonly status: { readonly code: number } } | null;
  readonly dynamic_metadata: Struct;
}
interface Struct {
  readonly fields: Readonly<Record<string, Value>>;
}
interface Value {
  readonly stringValue: string;
  readonly structValue: Struct;
}

/** Asserts what holds for every answer, then reads the rest. */
export function readAnswer(bytes: Buffer): Expected {
  const response = CheckResponse.decode(bytes);
  const has = (part: string): boolean => Object.hasOwn(response, part);
  assert.ok(has('status'), 'to Envoy no status means allow');
  const { status, denied_response: denied, dynamic_metadata } = response as unknown as Official;
  assert.equal(status.code === 0, has('ok_response'), 'an ok_response exactly with an OK status');
  assert.equal(status.code !== 0, has('denied_response'), 'a denial says so twice');
  const { fields } = dynamic_metadata.fields['remit']!.structValue;
  const said = (name: string): string => fields[name]!.stringValue;
  return {
    outcome: said('outcome'),
    reason: said('reason'),
    principal: said('principal'),
    policy: said('policy'),
    grpc: status.code,
    http: denied?.status.code,
  };
}
