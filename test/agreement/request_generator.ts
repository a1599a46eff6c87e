// Random requests aimed at the services of a bundle, and near misses: an allowed request with one
// thing about it changed.

import type { NaiveAsker, OfficialRequest } from '../naive/request.ts';
import {
  type GeneratedBundle,
  type GeneratedService,
  HOME,
  spiffeId,
  TENANTS,
} from './bundle_generator.ts';
import type { Random } from './random.ts';

type Header = { key: string; value?: string; raw_value?: Buffer };

/** A request in parts, so that one of them can be changed. */
export interface Draft {
  readonly asker: NaiveAsker;
  readonly source: string;
  readonly destination: string;
  readonly extension: string;
  /** False for a connection; what is of the other kind is sent all the same. */
  readonly http: boolean;
  readonly sni: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: readonly Header[];
}

const SEGMENTS = [
  '42',
  'main',
  'items',
  'special',
  'a%20b',
  'caf%C3%A9',
  '*',
  '%41',
  '~x',
  ...TENANTS,
];
const PORTS = [5432, 80, 443, 0, 2 ** 32 - 1];
const SERVER_NAMES = ['db.example', 'a.db.example', 'A.b.DB.example', 'example', 'other', ''];
const ODD_SERVER_NAMES = ['db.example.', '.example', 'db..example', 'd\u00e9.example', '*.example'];
const ODD_PATHS = [
  '/v1/items/%2e%2e/items/42',
  '/v1//items/42',
  '/v1/items/4%2F2',
  '/v1/items/..;x/42',
  '/v1/items/a;b',
  '/v1/items/%00',
  '/v1/items/%ff',
  '/v1/items/%',
  '/v1/./items/42',
  '/v1\\items\\42',
  '/v1/items/%252e',
  '/V1/ITEMS',
  '//',
  '*',
  '',
  'v1/items/42',
  '/v1/items/42#frag',
  '/v1/items/%%34%31',
  '/caf\u00e9/42',
];

function pathOf(random: Random, template: string): string {
  const path = template
    .replace(/\{\w+=\*\*\}/, () => random.some(SEGMENTS, 1, 3).join('/'))
    .replace(/\{tenant\}/, () => random.pick(TENANTS))
    .replace(/\{\w+\}/g, () => random.pick(SEGMENTS));
  return random.chance(0.2) ? `${path}?q=${random.pick(SEGMENTS)}` : path;
}

function serverName(random: Random, template: string): string {
  if (template === '-') return random.pick(SERVER_NAMES);
  return template.replace('*', () => random.pick(['a', 'x', 'x.Y']));
}

function asker(random: Random, { enforcerIds, services }: GeneratedBundle): NaiveAsker {
  const named = { kind: 'named', enforcer: random.pick([...enforcerIds, 'nobody']) } as const;
  const everything = { kind: 'everything' } as const;
  const local = { kind: 'local' } as const;
  const ids = [...services.flatMap(({ destinations }) => destinations), spiffeId(random)];
  const peer = { kind: 'peer', id: random.pick(ids) } as const;
  return random.pick<NaiveAsker>([
    local,
    local,
    local,
    everything,
    named,
    peer,
    { kind: 'remote' },
  ]);
}

function headers(random: Random, host: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = { accept: '*/*', 'x-env': 'prod' };
  if (random.chance(0.5)) found[':authority'] = host;
  if (random.chance(0.05)) found['host'] = random.pick([host, 'x.example']);
  if (random.chance(0.06)) found[random.pick(['authorization', 'Authorization'])] = 'Bearer x';
  return found;
}

function lines(random: Random, host: string): Header[] {
  const raw = { key: 'X-Bin', raw_value: Buffer.from([0xff, 0x00]) };
  const found: Header[] = [raw, { key: ':authority', raw_value: Buffer.from(host) }];
  if (random.chance(0.2)) found.push({ key: 'Host', value: random.pick([host, 'y.example']) });
  if (random.chance(0.2)) found.push({ key: 'AUTHORIZATION', value: 'Bearer x' });
  if (random.chance(0.1)) found.push({ key: 'authorization', value: '' });
  return found;
}

/** A request for some operation of some service, by anybody. */
export function aimed(random: Random, bundle: GeneratedBundle): Draft {
  const service = random.pick(bundle.services);
  const { method, template, port } = random.pick(service.operations);
  const http = method !== 'l4';
  const host = hostOf(random, service);
  return {
    asker: asker(random, bundle),
    source: spiffeId(random),
    destination: service.destinations[0] ?? '',
    extension: service.destinations.length > 0 ? '' : `${service.namespace}/${service.name}`,
    http,
    sni: http ? random.pick(SERVER_NAMES) : serverName(random, template),
    port: port > 0 ? port : random.pick(PORTS),
    method: http ? (method === 'GET' && random.chance(0.2) ? 'HEAD' : method) : 'GET',
    path: http ? pathOf(random, template) : '/v1/items',
    host,
    headers: headers(random, host),
    lines: random.chance(0.1) ? lines(random, host) : [],
  };
}

function hostOf(random: Random, { hosts }: GeneratedService): string {
  if (hosts.length === 0 || random.chance(0.4)) return 'nowhere.example';
  const host = random.pick(hosts);
  return random.pick([host, host.toUpperCase(), host.includes(':') ? host : `${host}:8080`]);
}

/** The same request with one thing changed. */
export function nearMiss(random: Random, bundle: GeneratedBundle, draft: Draft): Draft {
  const other = aimed(random, bundle);
  const service = random.pick(bundle.services);
  const changes: readonly (() => Partial<Draft>)[] = [
    () => ({ source: spiffeId(random) }),
    () => ({ source: random.pick(['', 'CN=x', `spiffe://${HOME}`, `${draft.source}/`]) }),
    () => ({ source: random.pick(['spiffe://evil.example/ns/pay/sa/cart', `${draft.source}x`]) }),
    () => ({ method: random.pick(['GET', 'HEAD', 'POST', 'DELETE', 'get', '', 'PURGE']) }),
    () => ({ path: other.path }),
    () => ({ path: random.pick(ODD_PATHS) }),
    () => ({ path: `${draft.path}${random.pick(['/', 'x', '/x', '%20'])}` }),
    () => ({ path: draft.path.replace(/acme|blue/, random.pick(TENANTS)) }),
    () => ({ destination: random.pick([other.destination, '', spiffeId(random)]) }),
    () => ({ extension: random.pick([`${service.namespace}/${service.name}`, 'pay/none', '']) }),
    () => ({ host: hostOf(random, service), headers: {} }),
    () => ({ headers: headers(random, random.pick([draft.host, 'z.example'])) }),
    () => ({ lines: lines(random, draft.host) }),
    () => ({ asker: asker(random, bundle) }),
    () => ({ http: !draft.http }),
    () => ({ sni: random.pick([other.sni, ...SERVER_NAMES, ...ODD_SERVER_NAMES]) }),
    () => ({ port: random.pick(PORTS) }),
  ];
  return { ...draft, ...random.pick(changes)() };
}

/** The draft as the official CheckRequest has it. */
export function officialRequest(draft: Draft): OfficialRequest {
  const { source, destination, extension, method, path, host, headers: map, lines: list } = draft;
  const { sni, port } = draft;
  const http = { method, path, host, headers: map, header_map: { headers: list } };
  return {
    attributes: {
      source: { principal: source },
      destination: {
        principal: destination,
        address: { socket_address: { address: '10.0.0.1', port_value: port } },
      },
      tls_session: { sni },
      request: draft.http ? { http } : {},
      context_extensions: extension === '' ? { other: 'x' } : { 'remit.service': extension },
    },
  };
}
