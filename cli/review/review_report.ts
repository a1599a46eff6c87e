// A review as text, CSV and JSON. Each writes a line as soon as it is known, so that none of them
// holds who times what.

import { csvLine } from '../csv.ts';
import { harmless, type Palette } from '../terminal.ts';
import type { BlastRadius } from './blast_radius.ts';
import type { Grant, OperationReach } from './grants.ts';
import type { InventoryEntry } from './inventory_entries.ts';

/** Owners of documents, by `namespace/service`. */
export type Owners = ReadonlyMap<string, string>;

export interface ReviewReport {
  /** Before each part. */
  head(part: 'resources' | 'identities'): string;
  /** Once for an operation, before its grants. */
  operation(reach: OperationReach): string;
  /** In `resources`: who. */
  who(reach: OperationReach, entry: InventoryEntry, grant: Grant): string;
  /** In `identities`: how far, and then what. */
  identity(entry: InventoryEntry, radius: BlastRadius): string;
  what(entry: InventoryEntry, reach: OperationReach, grant: Grant): string;
  end(): string;
}

function notesOf({ limits, except, expiresAt }: Grant): string {
  const notes = [...limits];
  if (except.length > 0) notes.push(`except ${except.join(', ')}`);
  if (expiresAt !== undefined) notes.push(`exception until ${instant(expiresAt)}`);
  return notes.length === 0 ? '' : `  (${notes.join('; ')})`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

export function textReport(owners: Owners, palette: Palette): ReviewReport {
  const line = (text: string) => `${harmless(text)}\n`;
  return {
    head: (part) =>
      part === 'resources'
        ? `${palette.strong('Who reaches what: by resource')}\n`
        : `\n${palette.strong('Who reaches what: by identity')}\n`,
    operation({ route, service }) {
      const { id, verb, dataClass, environment, resourceType } = route.operation;
      const where = environment === '' ? '' : `, ${environment}`;
      const owner = owners.get(service.id) ?? 'nobody';
      return line(`\n${resourceType}: ${id}  [${verb}, ${dataClass}${where}; owner ${owner}]`);
    },
    who: (_, { name, kind }, grant) =>
      line(`  ${name} (${kind}) ${grant.resources.join(' ')}  by ${grant.rule}${notesOf(grant)}`),
    identity({ name, kind, owner }, radius) {
      const { services, operations, changing, resources, ...by } = radius.fields;
      const counted = Object.entries(by).map(([group, counts]) => {
        const all = Object.entries(counts).map(([key, count]) => `${key} ${count}`);
        return all.length === 0 ? '' : `; ${group}: ${all.join(', ')}`;
      });
      return line(
        `\n${name}  [${kind}; owner ${owner || 'nobody'}]\n` +
          `  blast radius: services ${services}, operations ${operations} (${changing} change ` +
          `something), resource patterns ${resources}${counted.join('')}`,
      );
    },
    what: (_, { route }, grant) =>
      line(
        `  ${route.operation.id}  ${grant.resources.join(' ')}  by ${grant.rule}${notesOf(grant)}`,
      ),
    end: () => '',
  };
}

function fieldsOf(
  { route, service }: OperationReach,
  { name, kind, owner }: InventoryEntry,
  grant: Grant,
  owners: Owners,
) {
  const { id, verb, dataClass, environment, tier } = route.operation;
  return {
    identity: name,
    kind,
    identityOwner: owner,
    operation: id,
    resources: grant.resources,
    verb,
    environment,
    dataClass,
    tier: tier ?? '',
    serviceOwner: owners.get(service.id) ?? '',
    rule: grant.rule,
    limits: grant.limits,
    except: grant.except,
    expiresAt: grant.expiresAt === undefined ? '' : instant(grant.expiresAt),
  };
}

const COLUMNS: readonly string[] = [
  'identity',
  'kind',
  'identityOwner',
  'operation',
  'resources',
  'verb',
  'environment',
  'dataClass',
  'tier',
  'serviceOwner',
  'rule',
  'limits',
  'except',
  'expiresAt',
];

/** RFC 4180: a line for each grant. */
export function csvReport(owners: Owners): ReviewReport {
  return {
    head: (part) => (part === 'resources' ? `${COLUMNS.join(',')}\r\n` : ''),
    operation: () => '',
    who(reach, entry, grant) {
      const values = Object.values(fieldsOf(reach, entry, grant, owners));
      return csvLine(values.map((it) => [it].flat().join('; ')));
    },
    identity: () => '',
    what: () => '',
    end: () => '',
  };
}

export function jsonReport(owners: Owners): ReviewReport {
  let separator = '';
  const item = (value: object) => {
    const text = `${separator}${JSON.stringify(value)}`;
    separator = ',\n';
    return text;
  };
  return {
    head(part) {
      separator = '';
      return part === 'resources' ? '{"grants":[\n' : '\n],"identities":[\n';
    },
    operation: () => '',
    who: (reach, entry, grant) => item(fieldsOf(reach, entry, grant, owners)),
    identity: ({ name, kind, owner }, radius) =>
      item({ identity: name, kind, owner, ...radius.fields }),
    what: () => '',
    end: () => '\n]}\n',
  };
}
