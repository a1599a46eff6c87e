// Which parts of the policy language a decision showed, and on which outcome, so that a run can say
// what it never reached.

import type { NaiveBundle } from '../naive/evaluate.ts';
import type { NaiveResult } from '../naive/request.ts';
import type { NaiveRule } from '../naive/rules.ts';
import { compareSpecificity, idMatches, readId } from '../naive/spiffe.ts';
import type { Draft } from './request_generator.ts';

/** `feature allow`, `feature deny`, once for each thing that took part. */
export function featuresOf(result: NaiveResult, bundle: NaiveBundle, draft: Draft): Set<string> {
  const { outcome, shadow, rules, ruleCount, errors, operation, reason } = result;
  const found = new Set<string>();
  const add = (feature: string) => found.add(feature).add(`${feature} ${outcome}`);
  for (const { outcome: tried } of shadow) found.add(`shadow ${tried}`);
  if (ruleCount > 16) found.add('more rules than named');
  if (errors.length > 0) add('failed condition');
  if (!draft.http) found.add(`connection ${reason ?? 'allowed'}`);
  if (operation === undefined) {
    if (reason?.startsWith('authn.')) for (const it of identityKeys(bundle, draft.source)) add(it);
    return found;
  }
  for (const it of identityKeys(bundle, draft.source)) add(it);
  for (const it of operationKeys(bundle, operation)) add(it);
  if (draft.source === '') add('anonymous');
  if (draft.http && draft.method === 'HEAD') add('HEAD');
  if (draft.destination === '') add('no destination');
  for (const name of Object.keys(draft.assertions)) {
    add(name.startsWith('remit.runtime.') ? 'remit.runtime' : name);
  }
  const [namespace] = operation.split('/');
  for (const rule of bundle.rules) {
    if (!rules.includes(rule.id)) continue;
    if (rule.namespace !== namespace) add('exported');
    for (const it of ruleKeys(rule)) add(it);
  }
  return found;
}

function identityKeys({ identities }: NaiveBundle, source: string): string[] {
  const id = readId(source);
  const [entry] = identities
    .filter(({ spec }) => id !== undefined && idMatches(spec.spiffe ?? '', id))
    .sort((a, b) => compareSpecificity(a.spec.spiffe ?? '', b.spec.spiffe ?? ''));
  if (entry === undefined) return [];
  const { spec, metadata } = entry;
  const keys = Object.keys({ ...spec, ...spec.ceiling }).map((key) => `identity.${key}`);
  return metadata.reviewBy === undefined ? keys : [...keys, 'identity.reviewBy'];
}

function operationKeys({ services }: NaiveBundle, operation: string): string[] {
  const [namespace, name, operationName] = operation.split('/');
  const { metadata, spec } = services.find(
    ({ metadata: it }) => it.namespace === namespace && it.name === name,
  )!;
  const reviewed = metadata.reviewBy === undefined ? [] : ['service.reviewBy'];
  return [
    ...Object.keys(spec.operations[operationName!]!).map((key) => `operation.${key}`),
    ...Object.keys(spec).map((key) => `service.${key}`),
    ...reviewed,
  ];
}

const VARIABLES = /\b(?:principal|action|resource|context|request)\.\w+/g;

function ruleKeys(rule: NaiveRule): string[] {
  const { from, to, require, condition, between, obligations } = rule;
  const keys = (prefix: string, block: object | undefined) =>
    Object.keys(block ?? {}).map((key) => `${prefix}.${key}`);
  const found = [
    ...keys('from', from),
    ...keys('from.not', from.not),
    ...keys('to', to),
    ...keys('to.not', to.not),
    ...keys('require', require),
    ...keys('between', between),
    ...keys('obligations', obligations),
    ...(condition?.match(VARIABLES) ?? []),
  ];
  if (condition !== undefined) found.push('condition');
  if (rule.trialEnd !== undefined) found.push('mode');
  if (rule.crossTenant) found.push('crossTenant');
  if (rule.suspendable) found.push('suspendable');
  if (rule.exception) found.push('exception');
  if (rule.suspends.length > 0) found.push('suspends');
  return found;
}

const FROM = ['principals', 'trustDomains', 'namespaces', 'serviceAccounts', 'kinds', 'roles'];
const TO = ['services', 'operations', 'verbs', 'resources', 'dataClasses', 'tiers', 'environments'];
const prefixed = (prefix: string, names: readonly string[]) => names.map((it) => `${prefix}.${it}`);

const ON_BOTH: readonly string[] = [
  ...prefixed('from', [...FROM, 'claims', 'runtime', 'ipBlocks', 'anonymous', 'not']),
  ...prefixed('from.not', [...FROM, 'claims', 'runtime', 'ipBlocks']),
  ...prefixed('to', [...TO, 'not']),
  ...prefixed('to.not', TO.slice(1)),
  ...prefixed('between', ['days', 'from', 'to', 'tz']),
  ...prefixed('identity', ['spiffe', 'kind', 'environment', 'tenant', 'purpose', 'roles']),
  ...prefixed('identity', ['attributes', 'shared', 'audiences', 'expiresAt', 'reviewBy']),
  ...prefixed('identity', ['ceiling', 'dataClasses', 'verbs', 'services']),
  ...prefixed('operation', ['http', 'grpc', 'l4', 'verb', 'resource', 'tenant', 'dataClass']),
  ...prefixed('operation', ['tier', 'source', 'sink', 'scopes', 'requires', 'body', 'stream']),
  ...prefixed('operation', ['requestable', 'taskFree']),
  ...prefixed('service', ['destinations', 'hosts', 'environment', 'accepts', 'authorization']),
  ...prefixed('service', ['exports', 'reviewBy']),
  ...prefixed('request', ['body']),
  ...['condition', 'exported', 'failed condition', 'anonymous', 'HEAD', 'no destination'],
  ...['remit.environment', 'remit.tenant', 'remit.runtime'],
];
const ON_ALLOW: readonly string[] = [
  ...['require.assurance', 'obligations.headers', 'obligations.metadata', 'crossTenant'],
  ...['exception', 'suspends'],
];
const ON_DENY: readonly string[] = [
  ...['obligations.denialBody', 'suspendable', 'mode', 'identity.maxLifetime'],
];
const ON_EITHER: readonly string[] = [
  ...prefixed('principal', ['id', 'kind', 'trustDomain', 'namespace', 'serviceAccount', 'tenant']),
  ...prefixed('principal', ['environment', 'assurance', 'roles', 'attributes', 'actors']),
  ...prefixed('action', ['operation', 'service', 'verb']),
  ...prefixed('resource', ['id', 'type', 'dataClass', 'environment', 'tenant', 'tier']),
  ...prefixed('context', ['enforcer', 'time', 'sourceIp', 'runtime']),
  ...prefixed('request', ['method', 'path', 'host', 'headers', 'query', 'captures', 'body']),
  ...['to.not.services'],
  ...['shadow allow', 'shadow deny', 'more rules than named'],
  ...['connection allowed', 'connection ctx.unmapped_operation', 'connection authz.forbidden'],
  ...['connection authz.verb', 'connection authz.no_match'],
];

export function expectedFeatures(): string[] {
  return [
    ...[...ON_BOTH, ...ON_ALLOW].map((it) => `${it} allow`),
    ...[...ON_BOTH, ...ON_DENY].map((it) => `${it} deny`),
    ...ON_EITHER,
  ];
}
