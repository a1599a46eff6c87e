// Decides a recorded decision again from its own record (C-008): the AccessRequest is put together
// from what the record holds, and judged by the code that judged it first.

import { AccessRequest, ANONYMOUS, type Principal } from './access_request.ts';
import { type BodyValue, DEFAULT_BODY_LIMITS } from './body/body.ts';
import { parseJson } from './body/json.ts';
import { judge, type Verdict } from './check.ts';
import { ASSURANCES, type Assurance, NOT_EVALUATED } from './evidence.ts';
import { MiB } from './limits.ts';
import { RecordedRequest } from './recorded_request.ts';
import type { Snapshot } from './snapshot.ts';
import { parseSpiffeId, SpiffeId } from './spiffe_id.ts';

/** What a record could not be decided again for. */
export class NotReplayable {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

export interface Replayed {
  readonly verdict: Verdict;
  /** The outcome, reason and rules that were recorded are those of now. */
  readonly same: boolean;
  /** The policies are the very ones. */
  readonly samePolicy: boolean;
}

type Fields = ReadonlyMap<string, BodyValue>;

const LINE_LIMITS = { ...DEFAULT_BODY_LIMITS, bytes: MiB, keys: 4096 };

/** @param line one line of the stream of decisions */
export function replay(line: string, snapshot: Snapshot): Replayed | NotReplayable {
  const record = parseJson(line, LINE_LIMITS);
  if (!(record instanceof Map) || text(record, 'kind') !== 'authz.decision') {
    return new NotReplayable('no record of a decision');
  }
  const fields: Fields = record;
  const access = accessOf(fields, snapshot);
  if (access instanceof NotReplayable) return access;
  const { service, route, request, assurance, recorded } = access;
  const evidence = { ...NOT_EVALUATED, result: 'verified', assurance } as const;
  const verdict = judge(request, route, evidence, service, snapshot);
  const samePolicy = text(fields, 'policyDigest') === snapshot.policy.digest;
  const unknown = recorded.unknown(request.reads.flat(), samePolicy);
  if (unknown.length > 0) {
    return new NotReplayable(`these policies read what is not recorded: ${unknown.join(', ')}`);
  }
  const { reason, outcome, rules } = verdict.decision;
  const before = [text(fields, 'outcome'), texts(fields, 'reasons')[0], texts(fields, 'rules')];
  return {
    verdict,
    same: JSON.stringify(before) === JSON.stringify([outcome, reason, rules]),
    samePolicy,
  };
}

function accessOf(record: Fields, snapshot: Snapshot) {
  const unrecorded = texts(record, 'unrecorded');
  if (unrecorded.length > 0) {
    return new NotReplayable(`it depended on what is not recorded: ${unrecorded.join(', ')}`);
  }
  if (record.get('token') === true) return new NotReplayable('it depended on claims of a token');
  const service = snapshot.policy.byId(text(record, 'service'));
  const id = text(record, 'operation');
  const declared = service?.operations.find(({ operation }) => operation.id === id);
  if (service === undefined || declared === undefined) {
    return new NotReplayable(id === '' ? 'no operation was decided on' : `no operation \`${id}\``);
  }
  const assurance = ASSURANCES.find((it) => it === text(record, 'assurance')) ?? 'none';
  const principal = principalOf(text(record, 'principal'), assurance, snapshot);
  if (principal === undefined) return new NotReplayable('its principal is no SPIFFE ID');
  const environment = text(record, 'environment');
  const route =
    declared.operation.environment === '' && environment !== ''
      ? declared.in(environment)
      : declared;
  const resource = text(record, 'resource');
  const slash = resource.indexOf('/');
  const recorded = new RecordedRequest({
    method: text(fieldsOf(record, 'request'), 'method'),
    sourceIp: text(record, 'sourceIp'),
    attributes: fieldsOf(record, 'attributes'),
    absent: texts(record, 'absent'),
    bodyDetail: text(record, 'body'),
  });
  const request = new AccessRequest({
    principal,
    operation: route.operation,
    resource: {
      type: resource.slice(0, slash),
      id: resource.slice(slash + 1),
      tenant: text(record, 'tenant'),
    },
    context: {
      enforcer: text(record, 'enforcer'),
      runtime: new Map([...fieldsOf(record, 'runtime')].map(([name, it]) => [name, String(it)])),
      notBefore: number(record, 'notBefore'),
      notAfter: number(record, 'notAfter'),
      scopes: undefined,
    },
    request: recorded,
    captureNames: [...recorded.captures.keys()],
    captures: [...recorded.captures.values()],
    now: Date.parse(text(record, 'time')),
    bodyShape: undefined,
  });
  return { service, route, request, assurance, recorded };
}

function principalOf(id: string, assurance: Assurance, { proof }: Snapshot): Principal | undefined {
  if (id === '') return ANONYMOUS;
  const parsed = parseSpiffeId(id);
  return parsed instanceof SpiffeId ? { ...proof.inventory.find(parsed), assurance } : undefined;
}

function text(record: Fields, name: string): string {
  const value = record.get(name);
  return typeof value === 'string' ? value : '';
}

function texts(record: Fields, name: string): readonly string[] {
  const value = record.get(name);
  return Array.isArray(value) ? value.map(String) : [];
}

function number(record: Fields, name: string): number | undefined {
  const value = record.get(name);
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined;
}

function fieldsOf(record: Fields, name: string): Fields {
  const value = record.get(name);
  return value instanceof Map ? value : new Map();
}
