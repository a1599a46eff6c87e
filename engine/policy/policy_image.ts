// What permits: services with their operations, and the rules that reach them, compiled from a
// bundle, with a digest of their own (C-004).

import type { Bundle } from '../bundle/bundle.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { digestOfAll } from '../digest.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { Steps } from '../steps.ts';
import { compilePolicies } from './compile_rule.ts';
import { reaches } from './rule.ts';
import { compileService, type Service } from './service.ts';

export interface PolicyImage {
  readonly services: readonly Service[];
  readonly byId: ReadonlyMap<string, Service>;
  readonly byDestination: ReadonlyMap<string, Service>;
  readonly byHost: ReadonlyMap<string, Service>;
  readonly ruleCount: number;
  readonly digest: string;
}

export interface PolicySettings {
  /** Namespaces in permits mean these trust domains. */
  readonly homeTrustDomains: readonly string[];
  /** Everything else that decisions depend on, as it goes into the digest. */
  readonly digested: unknown;
}

export function* compilePolicyImage(
  bundle: Bundle,
  settings: PolicySettings,
  diagnostics: Diagnostics,
  knownDigest?: string,
): Steps<PolicyImage> {
  const services: Service[] = [];
  for (const service of bundle.services) {
    services.push(compileService(service, diagnostics));
    yield;
  }
  const { homeTrustDomains } = settings;
  const byNamespace = Map.groupBy(services, (service) => service.namespace);
  const byName = new Map<string, ReadonlyMap<string, Service>>();
  for (const [namespace, own] of byNamespace) {
    byName.set(namespace, new Map(own.map((service) => [service.name, service])));
  }
  const context = { services: byName, homeTrustDomains };
  const rules = yield* compilePolicies(bundle.policies, context, diagnostics);
  const byId = new Map(services.map((service) => [service.id, service]));
  for (const { rule, anchors } of rules) {
    const namespace = rule.id.slice(0, rule.id.indexOf('/'));
    // A rule that names its services is compared with no other, or loading would take the square.
    const named = rule.to.services && [...rule.to.services].map((id) => byId.get(id)!);
    for (const service of named ?? byNamespace.get(namespace) ?? []) {
      for (const route of service.operations) {
        if (reaches(rule, route.operation)) route.rules.add(rule, anchors);
      }
    }
    yield;
  }
  const documents = [...bundle.services, ...bundle.policies].map(({ document }) => document);
  return {
    services,
    byId,
    byDestination: index(services, 'destinations', diagnostics),
    byHost: index(services, 'hosts', diagnostics),
    ruleCount: rules.length,
    digest: knownDigest ?? digestOfAll(documents, settings.digested),
  };
}

function index(
  services: readonly Service[],
  field: 'destinations' | 'hosts',
  diagnostics: Diagnostics,
): Map<string, Service> {
  const found = new Map<string, Service>();
  const owners = new Map<string, Service>();
  for (const service of services) {
    for (const [position, value] of service[field].entries()) {
      const at = service.at(['spec', field, position]);
      const other = found.get(value) ?? foreign(owners.get(withoutPort(value)), service);
      if (other !== undefined) {
        const message = `\`${value}\` belongs to \`${other.id}\` already`;
        diagnostics.error(at, message, `one Service for a ${field.slice(0, -1)}`);
      }
      const fault = field === 'hosts' ? hostFault(value) : destinationFault(value, service);
      if (fault !== undefined) diagnostics[fault.severity](at, fault.message);
      found.set(value, service);
      owners.set(withoutPort(value), service);
    }
  }
  return found;
}

/** The caller chooses the port of a host, so one name never belongs to two namespaces. */
function foreign(owner: Service | undefined, service: Service): Service | undefined {
  return owner?.namespace === service.namespace ? undefined : owner;
}

function withoutPort(host: string): string {
  return host.replace(/:\d{1,5}$/, '');
}

interface Fault {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

function hostFault(host: string): Fault | undefined {
  if (!/[*/@\s]/.test(host)) return undefined;
  return { severity: 'error', message: `\`${host}\` is no host name; hosts are exact` };
}

function destinationFault(destination: string, service: Service): Fault | undefined {
  const id = parseSpiffeId(destination);
  if (!(id instanceof SpiffeId)) {
    return { severity: 'error', message: `\`${destination}\`: ${id.rule}` };
  }
  if (id.namespace === undefined || id.namespace === service.namespace) return undefined;
  const message = `a Service of \`${service.namespace}\` claims a workload of \`${id.namespace}\``;
  return { severity: 'warning', message };
}
