// Deciding a request of a Test by the code that serves: what an enforcer would have sent of it,
// and how its caller is supposed to have been proved.

import type { TestRequest } from '../../engine/bundle/test_kind.ts';
import { checkAssuming, type Inquiry, type Verdict } from '../../engine/check.ts';
import { parseDuration } from '../../engine/duration.ts';
import { Failure } from '../../engine/failure.ts';
import type { AssumedProof } from '../../engine/identity/assumed_proof.ts';
import { RESTRICTED_LIFETIME_MS_MAX } from '../../engine/limits.ts';
import type { Settings } from '../../engine/settings.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { parseSpiffeId, SpiffeId } from '../../engine/spiffe_id.ts';
import { pathFault } from '../../envoy/inquiry.ts';
import { NO_PAYLOADS } from '../../envoy/jwt_metadata.ts';
import { canonicalPath } from '../../envoy/path.ts';
import { headersOf, RehearsedAttributes } from './rehearsed_attributes.ts';

const HOUR_MS = 3_600_000;

/** A request, whose it is, and when it is made. */
export interface Rehearsal {
  readonly request: TestRequest;
  /** Of the Test, which a service without a namespace belongs to. */
  readonly namespace: string;
  /** Milliseconds since the epoch, unless the request itself says when. */
  readonly now: number;
}

export function rehearse(rehearsal: Rehearsal, snapshot: Snapshot): Verdict {
  const now = timeOf(rehearsal);
  const assumed = assumedOf(rehearsal.request, snapshot);
  return checkAssuming(inquiryOf(rehearsal, snapshot.settings), assumed, snapshot, now);
}

export function timeOf({ request, now }: Rehearsal): number {
  return request.at === undefined ? now : Date.parse(request.at);
}

/** `namespace/service` */
export function serviceIdOf({ request, namespace }: Rehearsal): string {
  return request.service.includes('/') ? request.service : `${namespace}/${request.service}`;
}

/** No rehearsal holds a token. */
const NO_PROOF: ReadonlyMap<string, string> = new Map();

function inquiryOf(rehearsal: Rehearsal, settings: Settings): Inquiry {
  const { request } = rehearsal;
  const { connection } = request;
  const headers = headersOf(request);
  const raw = rawPathOf(request);
  const path = connection === undefined ? canonicalPath(raw, settings.pathNormalization) : '';
  const extensions = new Map<string, string>();
  if (request.environment !== undefined) extensions.set('remit.environment', request.environment);
  if (request.tenant !== undefined) extensions.set('remit.tenant', request.tenant);
  for (const [name, value] of Object.entries(request.runtime ?? {})) {
    extensions.set(`remit.runtime.${name}`, value);
  }
  return {
    credentials: {
      peerPrincipal: request.principal ?? '',
      hasCertificate: false,
      peerCertificate: '',
      authorization: headers.has('authorization'),
      headers: NO_PROOF,
      jwtPayloads: NO_PAYLOADS,
      method: methodOf(request),
      path: raw,
    },
    destination: {
      principal: '',
      host: headers.get('host') ?? '',
      extension: serviceIdOf(rehearsal),
    },
    action:
      connection === undefined
        ? { kind: 'request', method: methodOf(request), path: path ?? '' }
        : { kind: 'connection', sni: connection.sni ?? '', port: connection.port ?? 0 },
    request: new RehearsedAttributes(request, methodOf(request), raw, path ?? ''),
    extensions,
    fault: faultOf(request, raw, path, settings),
  };
}

export function methodOf({ connection, grpc, method }: TestRequest): string {
  if (connection !== undefined) return '';
  return grpc === undefined ? (method ?? 'GET') : 'POST';
}

/** With its query. */
export function rawPathOf({ connection, grpc, path }: TestRequest): string {
  return connection === undefined ? (grpc ?? path ?? '/') : '';
}

function faultOf(
  request: TestRequest,
  raw: string,
  path: string | undefined,
  settings: Settings,
): Failure | undefined {
  if (request.connection !== undefined) return undefined;
  const names = Object.keys(request.headers ?? {}).map((name) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) return new Failure('ctx.duplicate_header', twice);
  return pathFault(raw, path, settings);
}

/** By default a certificate issued just now, as long-lived as nobody objects to. */
function assumedOf(request: TestRequest, { proof }: Snapshot): AssumedProof {
  const id = parseSpiffeId(request.principal ?? '');
  let longest = Math.min(HOUR_MS, RESTRICTED_LIFETIME_MS_MAX);
  if (id instanceof SpiffeId) {
    const { maxLifetimeMs } = proof.inventory.find(id).entry;
    const issued = proof.issuers.x509.ofTrustDomain(id.trustDomain)?.maxLifetimeMs;
    longest = Math.min(longest, maxLifetimeMs ?? longest, issued ?? longest);
  }
  return {
    assurance: request.assurance ?? 'asserted',
    ageMs: parseDuration(request.age ?? '') ?? 0,
    lifetimeMs: parseDuration(request.lifetime ?? '') ?? longest,
  };
}
