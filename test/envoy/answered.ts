// What Envoy and the client read of an answer, in one flat object.

import type { Answer } from '../../envoy/check.ts';
import { type Response, responseTo } from './fixture.ts';

export interface Answered {
  /** Dynamic metadata; empty on allow. */
  readonly reason: string;
  /** `status.code`, which is always there. */
  readonly grpc: number | undefined;
  /** Of the denial, with type and title of its problem details. */
  readonly http?: number;
  readonly type?: string;
  readonly title?: string;
}

export function answersTo(answer: Answer): Answered {
  const response = responseTo(answer);
  const { status, denied_response: denied } = response;
  const reason = metadataOf(response)['reason'] ?? '';
  if (denied === undefined) return { reason, grpc: status?.code };
  const problem = JSON.parse(denied.body ?? '');
  if (problem.status !== statusOf(response)) throw new Error('two different statuses');
  const { type, title } = problem;
  return { reason, grpc: status?.code, http: problem.status, type, title };
}

/** envoy.type.v3.StatusCode has no names that say more than their numbers. */
const STATUS: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  ServiceUnavailable: 503,
};

export function statusOf({ denied_response: denied }: Response): number | undefined {
  return denied?.status?.code === undefined ? undefined : STATUS[denied.status.code];
}

/** The strings of `dynamic_metadata.remit`. */
export function metadataOf({ dynamic_metadata: metadata }: Response): Record<string, string> {
  type Value = { stringValue?: string; structValue?: { fields: Record<string, Value> } };
  const fields = metadata?.fields as Record<string, Value> | undefined; // google.protobuf.Struct.
  const remit = fields?.['remit']?.structValue?.fields ?? {};
  return Object.fromEntries(
    Object.entries(remit).map(([name, { stringValue }]) => [name, stringValue ?? '']),
  );
}
