// Random requests aimed at the services of a bundle, and near misses: an allowed request with one
// thing about it changed.

import type { NaiveAsker, OfficialRequest } from '../naive/request.ts';
import { secret } from '../support/secret.ts';
import { type DraftBody, jsonBody, NO_BODY, oddBody } from './body_generator.ts';
import type { GeneratedBundle } from './bundle_generator.ts';
import { TOOLS } from './passenger_generator.ts';
import type { Random } from './random.ts';
import type { GeneratedService } from './service_generator.ts';
import {
  ADDRESSES,
  ENVIRONMENTS,
  HOME,
  RUNTIME,
  spiffeId,
  TENANTS,
  timeOfDecision,
} from './vocabulary.ts';

const BEARER = `Bearer ${secret('x')}`;

type Header = { key: string; value?: string; raw_value?: Buffer };

/** A request in parts, so that one of them can be changed. */
export interface Draft {
  readonly now: number;
  readonly asker: NaiveAsker;
  readonly source: string;
  /** Of the peer; may be empty. */
  readonly address: string;
  readonly destination: string;
  readonly extension: string;
  /** What the enforcer asserts besides, by its whole name. */
  readonly assertions: Readonly<Record<string, string>>;
  /** False for a connection; what is of the other kind is sent all the same. */
  readonly http: boolean;
  readonly sni: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: readonly Header[];
  readonly body: DraftBody;
  /** Sent as bytes. */
  readonly raw: boolean;
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
const QUERIES = ['q=main', 'q=a+b', 'q=a%20b&q=main', 'q=', 'x=1&q=main', 'q=caf%C3%A9', 'p'];
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
  return random.chance(0.3) ? `${path}?${random.pick(QUERIES)}` : path;
}

function serverName(random: Random, template: string): string {
  if (template === '-') return random.pick(SERVER_NAMES);
  return template.replace('*', () => random.pick(['a', 'x', 'x.Y']));
}

function asker(random: Random, { enforcerIds, services }: GeneratedBundle): NaiveAsker {
  const choice = random.next();
  if (choice < 0.6) return { kind: 'local' };
  if (choice < 0.85) return { kind: 'everything' };
  if (choice < 0.93) {
    return { kind: 'named', enforcer: random.pick([...enforcerIds, ...enforcerIds, 'nobody']) };
  }
  if (choice > 0.99) return { kind: 'remote' };
  const ids = [...services.flatMap(({ destinations }) => destinations), spiffeId(random)];
  return { kind: 'peer', id: random.pick(ids) };
}

function caller(random: Random, { callers }: GeneratedBundle): string {
  const choice = random.next();
  if (choice < 0.08) return '';
  return choice < 0.16 ? spiffeId(random) : random.pick(callers);
}

function headers(random: Random, host: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = { accept: '*/*', 'x-env': 'prod' };
  if (random.chance(0.5)) found[':authority'] = host;
  if (random.chance(0.6)) found['plan'] = random.pick(['gold', 'gold', 'silver', 'banned']);
  if (random.chance(0.02)) found['host'] = random.pick([host, 'x.example']);
  if (random.chance(0.02)) found[random.pick(['authorization', 'Authorization'])] = BEARER;
  return found;
}

function lines(random: Random, host: string): Header[] {
  const raw = { key: 'X-Bin', raw_value: Buffer.from([0xff, 0x00]) };
  const found: Header[] = [raw, { key: ':authority', raw_value: Buffer.from(host) }];
  if (random.chance(0.2)) found.push({ key: 'Host', value: random.pick([host, 'y.example']) });
  if (random.chance(0.2)) found.push({ key: 'AUTHORIZATION', value: BEARER });
  if (random.chance(0.1)) found.push({ key: 'authorization', value: '' });
  return found;
}

function runtime(random: Random): Record<string, string> {
  return Object.fromEntries(
    Object.entries(RUNTIME)
      .filter(() => random.chance(0.7))
      .map(([name, values]) => [`remit.runtime.${name}`, random.pick(values)]),
  );
}

function assertions(random: Random): Record<string, string> {
  const found = runtime(random);
  if (random.chance(0.1)) found['remit.environment'] = random.pick(ENVIRONMENTS);
  if (random.chance(0.06)) found['remit.tenant'] = random.pick(TENANTS);
  return found;
}

function address(random: Random): string {
  return random.chance(0.1) ? '' : random.pick(ADDRESSES);
}

/** A request for some operation of some service, by anybody. */
export function aimed(random: Random, bundle: GeneratedBundle): Draft {
  const service = random.pick(bundle.services);
  const { method, template, port } = random.pick(service.operations);
  const http = method !== 'l4';
  const host = hostOf(random, service);
  const withBody = ['POST', 'PUT', 'PATCH', 'PURGE'].includes(method);
  return {
    now: timeOfDecision(random),
    asker: asker(random, bundle),
    source: caller(random, bundle),
    address: address(random),
    destination: service.destinations[0] ?? '',
    extension: service.destinations.length > 0 ? '' : `${service.namespace}/${service.name}`,
    assertions: assertions(random),
    http,
    sni: http ? random.pick(SERVER_NAMES) : serverName(random, template),
    port: port > 0 ? port : random.pick(PORTS),
    method: http ? (method === 'GET' && random.chance(0.2) ? 'HEAD' : method) : 'GET',
    path: http ? pathOf(random, template) : '/v1/items',
    host,
    headers: headers(random, host),
    lines: random.chance(0.05) ? lines(random, host) : [],
    body: withBody ? (random.chance(0.85) ? jsonBody(random) : oddBody(random)) : NO_BODY,
    raw: random.chance(0.5),
  };
}

function hostOf(random: Random, { hosts }: GeneratedService): string {
  if (hosts.length === 0 || random.chance(0.4)) return 'nowhere.example';
  const host = random.pick(hosts);
  return random.pick([host, host.toUpperCase(), host.includes(':') ? host : `${host}:8080`]);
}

/** The same request with one thing changed. */
export function nearMiss(random: Random, bundle: GeneratedBundle, draft: Draft): Draft {
  const choice = random.next();
  const changes =
    choice < 0.4
      ? whoAsks(random, bundle, draft)
      : choice < 0.7
        ? circumstances(random, draft)
        : whatIsAsked(random, bundle, draft);
  return { ...draft, ...random.pick(changes)() };
}

type Changes = readonly (() => Partial<Draft>)[];

function whoAsks(random: Random, bundle: GeneratedBundle, draft: Draft): Changes {
  const known = () => ({ source: random.pick(bundle.callers) });
  return [
    known,
    known,
    known,
    known,
    known,
    () => ({ source: spiffeId(random) }),
    () => ({ source: random.pick(['', '', 'CN=x', `spiffe://${HOME}`, `${draft.source}/`]) }),
    () => ({ source: random.pick(['spiffe://evil.example/ns/pay/sa/cart', `${draft.source}x`]) }),
    () => ({ asker: asker(random, bundle) }),
  ];
}

function circumstances(random: Random, draft: Draft): Changes {
  return [
    () => ({ now: timeOfDecision(random) }),
    () => ({ now: timeOfDecision(random) }),
    () => ({ now: draft.now + random.pick([1, 60_000, 150_000, 3_600_000]) }),
    () => ({ address: address(random) }),
    () => ({ assertions: { ...draft.assertions, ...runtime(random) } }),
    () => ({ assertions: {} }),
    () => ({ assertions: assertions(random) }),
    () => ({
      assertions: { ...draft.assertions, 'remit.environment': random.pick(ENVIRONMENTS) },
    }),
    () => ({ assertions: { ...draft.assertions, 'remit.tenant': random.pick(TENANTS) } }),
    () => ({ body: oddBody(random) }),
    () => ({ body: jsonBody(random), raw: !draft.raw }),
    () => ({ headers: { ...draft.headers, plan: random.pick(['gold', 'silver', 'banned']) } }),
  ];
}

function whatIsAsked(random: Random, bundle: GeneratedBundle, draft: Draft): Changes {
  const other = aimed(random, bundle);
  const service = random.pick(bundle.services);
  const [path] = draft.path.split('?');
  return [
    () => ({ method: random.pick(['GET', 'HEAD', 'POST', 'DELETE', 'get', '', 'PURGE']) }),
    () => ({ path: other.path }),
    () => ({ path: other.path, method: other.method, body: other.body }),
    () => ({ path: `${path}?${random.pick(QUERIES)}` }),
    () => ({ path: random.pick(ODD_PATHS) }),
    () => ({ path: `${path}${random.pick(['/', 'x', '/x', '%20'])}` }),
    () => ({ path: draft.path.replace(/acme|blue/, random.pick(TENANTS)) }),
    () => ({ destination: random.pick([other.destination, '', TOOLS, spiffeId(random)]) }),
    () => ({ extension: random.pick([`${service.namespace}/${service.name}`, 'pay/none', '']) }),
    () => ({ host: hostOf(random, service), headers: {} }),
    () => ({ headers: headers(random, random.pick([draft.host, 'z.example'])) }),
    () => ({ lines: lines(random, draft.host) }),
    () => ({ http: !draft.http }),
    () => ({ sni: random.pick([other.sni, ...SERVER_NAMES, ...ODD_SERVER_NAMES]) }),
    () => ({ port: random.pick(PORTS) }),
  ];
}

/** The draft as the official CheckRequest has it. */
export function officialRequest(draft: Draft): OfficialRequest {
  const { source, destination, extension, method, path, host, lines: list, body } = draft;
  const { sni, port, address: peer } = draft;
  const map = { ...draft.headers, ...body.headers };
  const content = draft.raw ? { raw_body: Buffer.from(body.text) } : { body: body.text };
  const http = { method, path, host, headers: map, header_map: { headers: list }, ...content };
  const service = extension === '' ? { other: 'x' } : { 'remit.service': extension };
  const from = peer === '' ? {} : { address: { socket_address: { address: peer } } };
  return {
    attributes: {
      source: { principal: source, ...from },
      destination: {
        principal: destination,
        address: { socket_address: { address: '10.0.0.1', port_value: port } },
      },
      tls_session: { sni },
      request: draft.http ? { http } : {},
      context_extensions: { ...service, ...draft.assertions },
    },
  };
}
