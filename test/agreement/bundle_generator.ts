// Random bundles that load: services, identities and enforcers over a small vocabulary, so that
// rules and requests often meet. Policies are in policy_generator.ts.

import type { NaiveSettings } from '../naive/request.ts';
import { policies } from './policy_generator.ts';
import type { Random } from './random.ts';

export type Doc = Record<string, unknown> & { spec: Record<string, unknown> };

export interface GeneratedService {
  readonly namespace: string;
  readonly name: string;
  readonly destinations: readonly string[];
  readonly hosts: readonly string[];
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
  readonly document: Record<string, unknown>;
}

export interface GeneratedBundle {
  readonly documents: readonly Doc[];
  readonly settings: NaiveSettings;
  readonly services: readonly GeneratedService[];
  readonly enforcerIds: readonly string[];
}

export const HOME = 'td.example';
export const NAMESPACES = ['pay', 'shop', 'ai'];
export const ACCOUNTS = ['orders', 'ledger', 'cart', 'bot'];
export const TENANTS = ['acme', 'blue'];
export const ENVIRONMENTS = ['prod', 'prod-eu', 'dev'];
const DOMAINS = [HOME, HOME, HOME, 'other.example'];

/** Identities that callers may have; some of them in no inventory. */
export function spiffeId(random: Random): string {
  const domain = random.pick(DOMAINS);
  if (random.chance(0.15)) return `spiffe://${domain}/${random.pick(['edge/gw', 'host', 'a/b/c'])}`;
  return `spiffe://${domain}/ns/${random.pick(NAMESPACES)}/sa/${random.pick(ACCOUNTS)}`;
}

export function spiffePattern(random: Random): string {
  const id = spiffeId(random);
  if (random.chance(0.6)) return id;
  const [scheme, empty, domain, ...segments] = id.split('/');
  const starred = segments.map((segment) => (random.chance(0.5) ? '*' : segment));
  return [scheme, empty, domain, ...starred].join('/');
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
const VERBS = ['read', 'write', 'invoke', 'delegate', 'rotate', 'admin', 'escalate'];
const TYPES = ['item', 'doc', 'admin', 'queue'];

function operation(random: Random, shape: string, name: string): GeneratedOperation {
  const [method, template, port] = shape.split(' ') as [string, string, string?];
  const captures = [...template.matchAll(/\{(\w+)/g)].map(([, capture]) => capture!);
  const document: Record<string, unknown> = {};
  if (method === 'grpc') document['grpc'] = template;
  else if (method === 'l4') {
    const sni = template === '-' ? {} : { sni: template };
    document['l4'] = port === '-' ? sni : { ...sni, port: Number(port) };
  } else document['http'] = `${method}${random.chance(0.1) ? '  ' : ' '}${template}`;
  if (method === 'PURGE' || random.chance(0.4)) {
    document['verb'] = method === 'l4' ? 'connect' : random.pick(VERBS);
  }
  if (random.chance(0.8)) {
    const filled = captures.map((capture) => `{path.${capture}}`);
    const parts = random.some(['main', 'x-{path.NAME}', ...filled], 1, 2);
    const first = captures[0] === undefined ? 'none' : `{path.${captures[0]}}`;
    const id = parts.map((part) => part.replace('{path.NAME}', first)).join('/');
    document['resource'] = `${random.pick(TYPES)}/${id}`;
  }
  if (captures.includes('tenant') && random.chance(0.8)) document['tenant'] = '{path.tenant}';
  else if (random.chance(0.1)) document['tenant'] = random.pick(TENANTS);
  const dataClass = random.pick(['public', 'internal', 'internal', 'confidential', 'restricted']);
  if (random.chance(0.4)) document['dataClass'] = dataClass;
  const low = !['confidential', 'restricted'].includes(String(document['dataClass']));
  if (low && random.chance(0.3)) document['taskFree'] = true;
  const shown = method === 'grpc' ? 'POST' : method;
  return { name, method: shown, template, port: Number(port) || 0, document };
}

function services(random: Random): GeneratedService[] {
  return NAMESPACES.slice(0, 2).flatMap((namespace) =>
    random.some(ACCOUNTS.slice(0, 3), 1, 2).map((name) => {
      const own = [`spiffe://${HOME}/ns/${namespace}/sa/${name}`];
      if (random.chance(0.2)) own.push(`spiffe://${HOME}/ns/${namespace}/sa/${name}-2`);
      const destinations = random.chance(0.85) ? own : [];
      const hosts = [`${name}.${namespace}.example`, `${name}.${namespace}.example:8443`].filter(
        () => random.chance(0.5),
      );
      const connections = random.chance(0.5) ? random.some(CONNECTIONS, 1, 5) : [];
      const shapes = [...random.some(SHAPES, 3, 9), ...connections];
      const operations = shapes.map((shape, index) => operation(random, shape, `op.${index}`));
      const spec: Doc['spec'] = {
        operations: Object.fromEntries(operations.map((it) => [it.name, it.document])),
      };
      if (destinations.length > 0) spec['destinations'] = destinations;
      if (hosts.length > 0) spec['hosts'] = hosts.map((host) => host.replace('e', 'E'));
      if (random.chance(0.6)) spec['environment'] = random.pick(ENVIRONMENTS);
      if (random.chance(0.2)) spec['authorization'] = 'passThrough';
      if (random.chance(0.2)) spec['accepts'] = ['x509-svid'];
      const document: Doc = { kind: 'Service', metadata: { name, namespace }, spec };
      return { namespace, name, destinations, hosts, operations, document };
    }),
  );
}

function identities(random: Random, homeOnly: boolean): Doc[] {
  const texts = new Set(Array.from({ length: 8 }, () => spiffePattern(random)));
  return [...texts]
    .filter((spiffe) => !homeOnly || spiffe.startsWith(`spiffe://${HOME}/`))
    .map((spiffe, index) => {
      const kinds = ['workload', 'workload', 'ci', 'gateway', 'human'];
      if (!spiffe.includes('*')) kinds.push('agent');
      const spec: Doc['spec'] = { spiffe };
      if (random.chance(0.7)) spec['kind'] = random.pick(kinds);
      if (random.chance(0.4)) spec['environment'] = random.pick(ENVIRONMENTS);
      if (random.chance(0.7)) spec['tenant'] = random.pick(TENANTS);
      return { kind: 'Identity', metadata: { name: `id-${index}` }, spec };
    });
}

function enforcers(random: Random, all: readonly GeneratedService[]): Doc[] {
  const destination = () =>
    random.pick(all.flatMap((it) => it.destinations).concat(spiffeId(random)));
  const peer = () =>
    random.some(['principal', 'principal', 'principal', 'anonymous', 'metadata'], 2, 5);
  const gatewayDestinations = () =>
    random.chance(0.7)
      ? ['*']
      : [`spiffe://${HOME}/ns/*/sa/${random.pick(ACCOUNTS)}`, destination()];
  const local = random.pick(['gateway', 'gateway', 'gateway', 'waypoint', 'sidecar', 'none']);
  const far = random.chance(0.5) ? `spiffe://${HOME}/ns/*/sa/*` : destination();
  const documents: Doc[] = [
    {
      kind: 'Enforcer',
      metadata: { name: 'far', namespace: 'mesh' },
      spec: {
        type: 'sidecar',
        identities: [far],
        asserts: { peer: peer() },
      },
    },
  ];
  if (local === 'none') return documents;
  const spec: Doc['spec'] = { type: local, local: true, asserts: { peer: peer() } };
  if (local === 'sidecar') {
    const beside = destination();
    // Nobody is two enforcers.
    if (beside === far) return documents;
    spec['identities'] = [beside];
  }
  if (local !== 'sidecar') spec['asserts'] = { peer: peer(), destinations: gatewayDestinations() };
  return [...documents, { kind: 'Enforcer', metadata: { name: 'near' }, spec }];
}

export function generateBundle(random: Random): GeneratedBundle {
  const homeOnly = random.chance(0.3);
  const all = services(random);
  const near = enforcers(random, all);
  return {
    documents: [
      ...all.map((it) => it.document),
      ...identities(random, homeOnly),
      ...near,
      ...policies(random, all),
    ],
    settings: {
      trustDomain: homeOnly && random.chance(0.5) ? undefined : HOME,
      pathNormalization: random.pick([
        'NONE',
        'BASE',
        'MERGE_SLASHES',
        'DECODE_AND_MERGE_SLASHES',
        'DECODE_AND_MERGE_SLASHES',
      ]),
      ambiguousPaths: random.chance(0.75) ? 'deny' : 'match',
    },
    services: all,
    enforcerIds: ['mesh/far', 'near'],
  };
}
