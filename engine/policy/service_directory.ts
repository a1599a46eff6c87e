// Services by destination, host and id, and that no two of them claim the same.

import type { Diagnostics } from '../diagnostic.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import type { Service } from './service.ts';

export const DESTINATION = 'D:';
export const HOST = 'H:';
export const SERVICE_ID = 'S:';

/** Names with their prefix, and the place of the Service in the list. */
export function serviceNames(
  services: readonly Service[],
  diagnostics: Diagnostics,
): ReadonlyMap<string, number> {
  const names = new Map(services.map(({ id }, index) => [SERVICE_ID + id, index]));
  for (const [field, prefix] of [
    ['destinations', DESTINATION],
    ['hosts', HOST],
  ] as const) {
    const found = index(services, field, diagnostics);
    for (const [value, place] of found) names.set(prefix + value, place);
  }
  return names;
}

function index(
  services: readonly Service[],
  field: 'destinations' | 'hosts',
  diagnostics: Diagnostics,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const owners = new Map<string, Service>();
  for (const [place, service] of services.entries()) {
    for (const [position, value] of service[field].entries()) {
      const at = service.at(['spec', field, position]);
      const first = found.get(value);
      const other =
        first === undefined ? foreign(owners.get(withoutPort(value)), service) : services[first];
      if (other !== undefined) {
        const message = `\`${value}\` belongs to \`${other.id}\` already`;
        diagnostics.error(at, message, `one Service for a ${field.slice(0, -1)}`);
      }
      const fault = field === 'hosts' ? hostFault(value) : destinationFault(value, service);
      if (fault !== undefined) diagnostics[fault.severity](at, fault.message);
      found.set(value, place);
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
