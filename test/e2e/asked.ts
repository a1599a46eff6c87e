// What comes of one request through Envoy: what the client is told, and what both records say.

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import type { HttpCall } from '../../demo/client.ts';
import type { Svid } from '../../demo/pki.ts';
import type { EvidenceRecord } from '../../demo/records.ts';
import type { Caller, Rig } from './rig.ts';

/** The part of an evidence record that tells how a caller was proved. */
export interface Shown {
  readonly method: string;
  readonly assurance: string;
  /** Of a token whose signature holds; undefined where none came. */
  readonly binding: string | undefined;
  readonly credential: string | null;
}

export interface Asked {
  readonly status: number;
  /** `WWW-Authenticate`, as it arrived at the client. */
  readonly challenge: string | undefined;
  /** The one of the denial, or `allow`. */
  readonly reason: string;
  readonly evidence: EvidenceRecord;
  readonly shown: Shown;
  /** Both records as they were written, for what must not stand in them. */
  readonly recordsText: string;
}

/** Sends a request, and asserts that it reached the upstream exactly if the records say so. */
export async function ask(
  rig: Rig,
  caller: Caller,
  call: HttpCall,
  listener?: string,
): Promise<Asked> {
  const before = rig.received();
  const answer = await rig.http(caller, call, listener);
  // An allowed request went on to the upstream, which says what reached it.
  const headers = answer.status === 200 ? JSON.parse(answer.body).headers : answer.headers;
  const records = await rig.remit().records(headers['x-remit-decision-id']);
  const { evidence, decision } = records;
  assert.equal(answer.status === 200, decision.outcome === 'allow');
  assert.equal(rig.received() - before, decision.outcome === 'allow' ? 1 : 0);
  const { method, assurance, credential, token } = evidence;
  return {
    status: answer.status,
    challenge: answer.headers['www-authenticate'],
    reason: decision.reasons[0] ?? 'allow',
    evidence,
    shown: { method, assurance, binding: token?.binding, credential },
    recordsText: JSON.stringify(records),
  };
}

/** What a record calls a token, a header's text as it came. */
export function tokenDigest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function derOf({ certificatePem }: Svid): Buffer {
  return new X509Certificate(certificatePem).raw;
}

/** What a record calls a certificate. */
export function certificateDigest(svid: Svid): string {
  return `sha256:${createHash('sha256').update(derOf(svid)).digest('hex')}`;
}
