// One small world for hand-computed cases: a service with an operation for each thing that matters,
// one caller, one enforcer; a case says only what is different.

import { stringify } from 'yaml';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { evaluate, naiveBundle } from '../naive/evaluate.ts';
import {
  type NaiveAsker,
  type NaiveResult,
  type NaiveSettings,
  naiveRequest,
  type OfficialRequest,
} from '../naive/request.ts';
import { type Block, type Doc, HOME } from './vocabulary.ts';

export const LEDGER = `spiffe://${HOME}/ns/pay/sa/ledger`;
export const CART = `spiffe://${HOME}/ns/shop/sa/cart`;
export const FOREIGN = 'spiffe://other.example/ns/shop/sa/cart';
const AGENT = `spiffe://${HOME}/ns/ai/sa/agent`;
/** A Sunday. */
export const AT = Date.parse('2026-11-22T12:00:00Z');

/** What a case says of the answer. */
export type HandResult = Partial<Omit<NaiveResult, 'holds'>>;

export interface HandCase extends World {
  readonly name: string;
  /** The reason, or `allow`, or whatever parts of the answer matter. */
  readonly want: string | HandResult;
}

export interface World {
  /** Of the policy `pay/p`. */
  readonly rules?: readonly Block[];
  /** Of that policy. */
  readonly policy?: Block;
  readonly documents?: readonly Doc[];
  /** More of the caller's Identity, of the Service, of what the enforcer asserts. */
  readonly identity?: Block;
  readonly service?: Block;
  readonly asserts?: Block;
  readonly reviewed?: string;
  readonly settings?: Partial<NaiveSettings>;
  readonly asker?: NaiveAsker;
  readonly at?: string;
  /** By default `GET /docs/1`. */
  readonly call?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly extensions?: Readonly<Record<string, string>>;
  readonly connection?: readonly [sni: string, port: number];
}

const OPERATIONS = {
  read: { http: 'GET /docs/{doc}', resource: 'doc/{path.doc}', tier: 1 },
  put: {
    http: 'PUT /docs/{doc}',
    resource: 'doc/{path.doc}',
    body: { amount: 'int', note: 'string?', lines: [{ sku: 'string' }], meta: 'any' },
  },
  post: { http: 'POST /docs', verb: 'invoke' },
  acme: { http: 'GET /acme/{doc}', resource: 'doc/{path.doc}', tenant: 'acme' },
  admin: { http: 'GET /admin', resource: 'admin/all' },
  rotate: { http: 'POST /rotate', verb: 'rotate' },
  secret: { http: 'GET /secret', dataClass: 'confidential' },
  top: { http: 'GET /top', dataClass: 'restricted' },
  free: { http: 'GET /free', taskFree: true },
  call: { grpc: '/pay.v1.Ledger/Get' },
  db: { l4: { sni: 'db.example', port: 5432 } },
  needs: { http: 'GET /needs', requires: ['request.headers.plan'] },
  sends: { http: 'POST /sends', verb: 'invoke', requires: ['request.body'] },
};

export function documentsOf(world: World): Doc[] {
  const { rules = [], policy = {}, identity = {}, service = {}, asserts = {} } = world;
  const operations = { ...OPERATIONS, ...(service['operations'] as Block | undefined) };
  const spec = { destinations: [LEDGER], environment: 'prod', ...service, operations };
  const reviewed = world.reviewed === undefined ? {} : { reviewBy: world.reviewed };
  return [
    { kind: 'Service', metadata: { name: 'ledger', namespace: 'pay', ...reviewed }, spec },
    {
      kind: 'Identity',
      metadata: { name: 'cart', namespace: 'shop' },
      spec: { spiffe: CART, tenant: 'acme', ...identity },
    },
    { kind: 'Identity', metadata: { name: 'far' }, spec: { spiffe: FOREIGN, tenant: 'acme' } },
    {
      kind: 'Enforcer',
      metadata: { name: 'edge' },
      spec: {
        type: 'gateway',
        local: true,
        asserts: { peer: ['principal', 'anonymous'], destinations: ['*'], ...asserts },
      },
    },
    { kind: 'Policy', metadata: { name: 'p', namespace: 'pay', ...policy }, spec: { rules } },
    {
      kind: 'Identity',
      metadata: { name: 'agent' },
      spec: { spiffe: AGENT, kind: 'agent' },
    },
    {
      kind: 'TaskProfile',
      metadata: { name: 'support', namespace: 'pay' },
      spec: {
        agents: [AGENT],
        operations: ['ledger/read'],
        intents: ['answer'],
        duration: '30m',
      },
    },
    ...(world.documents ?? []),
  ];
}

export function settingsOf({ settings }: World): NaiveSettings {
  return {
    trustDomain: HOME,
    pathNormalization: 'DECODE_AND_MERGE_SLASHES',
    ambiguousPaths: 'deny',
    ...settings,
  };
}

/** The one request of the case. */
export function requestOf(world: World): OfficialRequest {
  const { call = 'GET /docs/1', connection, headers = {}, body = '' } = world;
  const [method = '', path = ''] = call.split(' ');
  const [sni = '', port = 0] = connection ?? [];
  const peer = world.address === undefined ? {} : { address: socketAddress(world.address) };
  return {
    attributes: {
      source: { principal: world.source ?? CART, ...peer },
      destination: { principal: world.destination ?? LEDGER, address: socketAddress('', port) },
      request: connection === undefined ? { http: { method, path, headers, body } } : {},
      tls_session: { sni },
      context_extensions: world.extensions ?? {},
    },
  };
}

export function askerOf({ asker }: World): NaiveAsker {
  return asker ?? { kind: 'local' };
}

export function timeOf({ at }: World): number {
  return at === undefined ? AT : Date.parse(at);
}

export function decideIn(world: World): NaiveResult {
  const text = documentsOf(world)
    .map((it) => stringify(it))
    .join('---\n');
  const diagnostics = new Diagnostics();
  const bundle = naiveBundle(parseBundle([{ name: 'case.yaml', text }], diagnostics));
  if (diagnostics.hasErrors) throw new Error(diagnostics.list.map(formatDiagnostic).join('\n'));
  const request = naiveRequest(requestOf(world));
  return evaluate(request, bundle, settingsOf(world), askerOf(world), timeOf(world));
}

function socketAddress(address: string, port = 0) {
  return { socket_address: { address, port_value: port } };
}
