// Random services: operations by method, gRPC and connection, what they are about, what they
// require and what they declare of their bodies.

import type { Random } from './random.ts';
import {
  ACCOUNTS,
  type Block,
  type Doc,
  ENVIRONMENTS,
  HOME,
  NAMESPACES,
  REVIEWS,
  TENANTS,
  VERBS,
} from './vocabulary.ts';

export interface GeneratedService {
  readonly namespace: string;
  readonly name: string;
  readonly destinations: readonly string[];
  readonly hosts: readonly string[];
  readonly exports: readonly string[];
  readonly operations: readonly GeneratedOperation[];
  readonly document: Doc;
}

export interface GeneratedOperation {
  readonly name: string;
  /** `l4` for a connection. */
  readonly method: string;
  /** Of the path, or of the server name. */
  readonly template: string;
  readonly port: number;
  readonly document: Block;
}

const SHAPES = [
  'GET /',
  'GET /v1/items',
  'GET /v1/items/',
  'GET /v1/items/{item}',
  'GET /v1/{kind}/{item}',
  'GET /v1/{kind}/special',
  'GET /v1/items/{item}/{rest=**}',
  'GET /v1/{rest=**}',
  'GET /{rest=**}',
  'POST /v1/tenants/{tenant}/items/{item}',
  'POST /v1/items/{item}',
  'POST /v1/items',
  'PUT /v1/items/{item}',
  'DELETE /v1/items/{item}',
  'PATCH /v1/tenants/{tenant}/items',
  'GET /v1/tenants/{tenant}/items/{item}',
  'GET /t/{tenant}/f/{rest=**}',
  'OPTIONS /v1/items',
  'PURGE /v1/items/{item}',
  'GET /caf\u00e9/{item}',
  'grpc /demo.v1.Ledger/Get',
  'grpc /demo.v1.Ledger/Put',
];
/** Server name and port; `-` is none. */
const CONNECTIONS = [
  'l4 - -',
  'l4 db.example -',
  'l4 DB.example 5432',
  'l4 *.example -',
  'l4 *.db.Example 5432',
  'l4 a.db.example 80',
  'l4 - 5432',
  'l4 - 80',
];
const TYPES = ['item', 'item', 'doc', 'admin', 'queue'];
const WITH_BODY = ['POST', 'PUT', 'PATCH', 'PURGE'];
/** One shape, so that a condition over bodies means the same wherever its rule reaches. */
const BODY = {
  amount: 'int',
  currency: 'string',
  note: 'string?',
  lines: [{ sku: 'string' }],
  meta: 'any',
};
const REQUIRABLE = ['context.runtime.cluster', 'context.sourceIp'];
const REQUIRABLE_OF_CALLERS = [
  'principal.tenant',
  'principal.environment',
  'principal.attributes.team',
];
const REQUIRABLE_OF_REQUESTS = ['request.headers.plan', 'request.query.q'];

function operation(random: Random, shape: string, name: string): GeneratedOperation {
  const [method, template, port] = shape.split(' ') as [string, string, string?];
  const captures = [...template.matchAll(/\{(\w+)/g)].map(([, capture]) => capture!);
  const document: Block = {};
  if (method === 'grpc') document['grpc'] = template;
  else if (method === 'l4') {
    const sni = template === '-' ? {} : { sni: template };
    document['l4'] = port === '-' ? sni : { ...sni, port: Number(port) };
  } else document['http'] = `${method}${random.chance(0.1) ? '  ' : ' '}${template}`;
  if (method === 'PURGE' || random.chance(0.4)) {
    const verbs = ['read', 'read', ...VERBS.filter((it) => it !== 'connect')];
    document['verb'] = method === 'l4' ? 'connect' : random.pick(verbs);
  }
  describe(random, captures, document);
  burden(random, method, document);
  const shown = method === 'grpc' ? 'POST' : method;
  return { name, method: shown, template, port: Number(port) || 0, document };
}

/** What it is about, and how much of it. */
function describe(random: Random, captures: readonly string[], document: Block): void {
  if (random.chance(0.8)) {
    const filled = captures.map((capture) => `{path.${capture}}`);
    const parts = random.some(['main', 'x-{path.NAME}', ...filled], 1, 2);
    const first = captures[0] === undefined ? 'none' : `{path.${captures[0]}}`;
    const id = parts.map((part) => part.replace('{path.NAME}', first)).join('/');
    document['resource'] = `${random.pick(TYPES)}/${id}`;
  }
  if (captures.includes('tenant') && random.chance(0.8)) document['tenant'] = '{path.tenant}';
  else if (random.chance(0.1)) document['tenant'] = random.pick(TENANTS);
  const classes = ['public', 'internal', 'confidential', 'confidential', 'confidential'];
  if (random.chance(0.4)) document['dataClass'] = random.pick(classes);
  else if (random.chance(0.04)) document['dataClass'] = 'restricted';
  const low = !['confidential', 'restricted'].includes(String(document['dataClass']));
  const taskFree = low && random.chance(0.5);
  if (taskFree) document['taskFree'] = true;
  // What needs no task carries no label, and does little harm.
  if (random.chance(0.6)) document['tier'] = random.below(taskFree ? 2 : 5);
}

/** What it requires, and what in this version only stands there. */
function burden(random: Random, method: string, document: Block): void {
  const l4 = method === 'l4';
  const withBody = WITH_BODY.includes(method);
  if (withBody && random.chance(0.5)) document['body'] = BODY;
  if (random.chance(0.12)) {
    const attributes = [...REQUIRABLE, ...REQUIRABLE_OF_CALLERS];
    if (!l4) attributes.push(...REQUIRABLE_OF_REQUESTS);
    document['requires'] = random.some(attributes, 1, 2);
  } else if (withBody && random.chance(0.2)) {
    const declared = document['body'] !== undefined && random.chance(0.5);
    document['requires'] = [declared ? 'request.body.note' : 'request.body'];
  }
  if (document['taskFree'] === undefined && random.chance(0.1)) document['source'] = true;
  if (random.chance(0.1)) document['sink'] = 'external';
  if (!l4 && random.chance(0.1)) document['scopes'] = ['items.read'];
  if (random.chance(0.1)) document['requestable'] = true;
  if (!l4 && random.chance(0.05)) document['stream'] = { max: '1h' };
}

function service(random: Random, namespace: string, name: string): GeneratedService {
  const own = [`spiffe://${HOME}/ns/${namespace}/sa/${name}`];
  if (random.chance(0.2)) own.push(`spiffe://${HOME}/ns/${namespace}/sa/${name}-2`);
  const destinations = random.chance(0.85) ? own : [];
  const hosts = [`${name}.${namespace}.example`, `${name}.${namespace}.example:8443`].filter(() =>
    random.chance(0.5),
  );
  const connections = random.chance(0.4) ? random.some(CONNECTIONS, 1, 4) : [];
  const shapes = [...random.some(SHAPES, 3, 9), ...connections];
  const operations = shapes.map((shape, index) => operation(random, shape, `op.${index}`));
  const others = NAMESPACES.filter((it) => it !== namespace);
  const exported = random.chance(0.4) ? random.pick([['*'], others.slice(0, 1), others]) : [];
  const spec: Block = {
    operations: Object.fromEntries(operations.map((it) => [it.name, it.document])),
  };
  if (destinations.length > 0) spec['destinations'] = destinations;
  if (hosts.length > 0) spec['hosts'] = hosts.map((host) => host.replace('e', 'E'));
  if (random.chance(0.5)) spec['environment'] = random.pick(ENVIRONMENTS);
  if (random.chance(0.2)) spec['authorization'] = 'passThrough';
  if (random.chance(0.02)) spec['accepts'] = ['jwt', 'api-key'];
  else if (random.chance(0.2)) spec['accepts'] = ['x509-svid'];
  if (exported.length > 0) spec['exports'] = exported;
  const metadata: Block = { name, namespace };
  if (random.chance(0.12)) metadata['reviewBy'] = random.pick(REVIEWS);
  const document: Doc = { kind: 'Service', metadata, spec };
  const exports = exported.includes('*') ? others : exported;
  return { namespace, name, destinations, hosts, exports, operations, document };
}

export function services(random: Random): GeneratedService[] {
  return NAMESPACES.slice(0, 2).flatMap((namespace) =>
    random.some(ACCOUNTS.slice(0, 3), 1, 2).map((name) => service(random, namespace, name)),
  );
}
