// The blocks of a rule, checked: every pattern parses, every name leads somewhere, and what comes
// out is plain data with all names resolved.

import type { FromBlock, ToBlock } from '../bundle/rule_kind.ts';
import type { Path } from '../bundle/yaml_document.ts';
import { parseCidr } from '../cidr.ts';
import type { Position } from '../diagnostic.ts';
import { type Diagnostics, nearest } from '../diagnostic.ts';
import { parseTrustDomain, SpiffeIdError } from '../spiffe_id.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { parseTokenIdentity } from '../token_identity.ts';
import { parseResourcePattern } from './resource_pattern.ts';
import type { FromRecord, OperationRecord, ToRecord } from './rule_record.ts';
import type { Service } from './service.ts';
import { isTextPattern, parseTextPattern } from './text_pattern.ts';

/** What rules and roles are compiled against. */
export interface RuleContext {
  /** By namespace, then by name. */
  readonly services: ReadonlyMap<string, ReadonlyMap<string, Service>>;
  /** Namespaces and service accounts of a permit mean these, unless the rule names its own. */
  readonly homeTrustDomains: readonly string[];
  /** `namespace/role` */
  readonly roleIds: ReadonlySet<string>;
  readonly profileIds: ReadonlySet<string>;
  /** Ids of Issuers that vouch for subjects which are no SPIFFE IDs. */
  readonly tokenIssuers: ReadonlySet<string>;
  /** Forbids by id, and whether an exception may suspend them. */
  readonly forbids: ReadonlyMap<string, { readonly suspendable: boolean }>;
  /** A review that is over takes permits away. */
  readonly overdueDenies: boolean;
}

const NO_SERVICES: ReadonlyMap<string, Service> = new Map();
const SHOWN_MAX = 20;

/** What is wrong with one item of a list. */
interface Fault {
  readonly error: string;
}

export class BlockCompiler {
  readonly #namespace: string;
  readonly #at: (path: Path) => Position;
  readonly #context: RuleContext;
  readonly #diagnostics: Diagnostics;

  constructor(
    namespace: string,
    at: (path: Path) => Position,
    context: RuleContext,
    diagnostics: Diagnostics,
  ) {
    this.#namespace = namespace;
    this.#at = at;
    this.#context = context;
    this.#diagnostics = diagnostics;
  }

  from(block: Omit<FromBlock, 'not' | 'anonymous'>, path: Path): FromRecord {
    return defined({
      principals: this.#each(block.principals, [...path, 'principals'], (text, index) =>
        this.#principal(text, [...path, 'principals', index]),
      ),
      trustDomains: this.#each(block.trustDomains, [...path, 'trustDomains'], trustDomain),
      namespaces: this.#each(block.namespaces, [...path, 'namespaces'], textPattern),
      serviceAccounts: this.#each(block.serviceAccounts, [...path, 'serviceAccounts'], (text) =>
        /^[^/*]+\/[^/*]+$/.test(text) ? text : { error: 'expected `namespace/name`' },
      ),
      kinds: block.kinds,
      roles: this.#each(block.roles, [...path, 'roles'], (text, index) =>
        this.#role(text, [...path, 'roles', index]),
      ),
      actors: this.#each(block.actors, [...path, 'actors'], (text, index) =>
        this.#principal(text, [...path, 'actors', index]),
      ),
      claims: this.#named(block.claims, [...path, 'claims']),
      runtime: this.#named(block.runtime, [...path, 'runtime']),
      ipBlocks: this.#each(block.ipBlocks, [...path, 'ipBlocks'], (text) =>
        parseCidr(text) === undefined ? { error: 'expected a block such as 10.0.0.0/8' } : text,
      ),
    });
  }

  to(block: Omit<ToBlock, 'not'>, path: Path): ToRecord {
    const services = this.#services(block.services, [...path, 'services']);
    return defined({
      services,
      operations: this.#operations(block.operations, services, [...path, 'operations']),
      verbs: block.verbs,
      resources: this.#each(block.resources, [...path, 'resources'], (text) => {
        const pattern = parseResourcePattern(text);
        return typeof pattern === 'string' ? { error: pattern } : text;
      }),
      dataClasses: block.dataClasses,
      tiers: block.tiers,
      environments: this.#each(block.environments, [...path, 'environments'], textPattern),
    });
  }

  /** `ISSUER#SUBJECT`, whole: a pattern of subjects is for the inventory to resolve. */
  #principal(text: string, path: Path): string | Fault {
    if (!text.includes('#')) return spiffePattern(text);
    const identity = parseTokenIdentity(text);
    if (identity === undefined) return { error: 'expected `ISSUER#SUBJECT` or a SPIFFE ID' };
    const { tokenIssuers } = this.#context;
    if (!tokenIssuers.has(identity.issuer)) {
      this.#unknown(path, 'Issuer of tokens or keys', identity.issuer, [...tokenIssuers]);
    }
    return text;
  }

  /** Services by id: of the own namespace by name or pattern, others in full where exported. */
  #services(names: readonly string[] | undefined, path: Path): readonly string[] | undefined {
    if (names === undefined) return undefined;
    const own = this.#context.services.get(this.#namespace) ?? NO_SERVICES;
    const found = new Set<string>();
    for (const [index, text] of names.entries()) {
      const [name = '', owner, ...more] = text.split('/').reverse();
      if (owner === '' || more.length > 0) {
        const message = `\`${text}\`: expected \`service\` or \`namespace/service\``;
        this.error([...path, index], message);
        continue;
      }
      if (owner !== undefined && owner !== this.#namespace) {
        const service = this.#exported(owner, name, [...path, index]);
        if (service !== undefined) found.add(service.id);
        continue;
      }
      const pattern = parseTextPattern(name);
      if (pattern && isTextPattern(name)) {
        for (const service of own.values()) if (pattern(service.name)) found.add(service.id);
        continue;
      }
      const service = own.get(name);
      if (service !== undefined) found.add(service.id);
      else this.#unknown([...path, index], 'service', text, [...own.keys()]);
    }
    return [...found];
  }

  /** INVARIANT: a policy reaches another namespace's service only where that one exports it. */
  #exported(namespace: string, name: string, path: Path): Service | undefined {
    const service = this.#context.services.get(namespace)?.get(name);
    if (service === undefined) {
      const names = this.#context.services.get(namespace)?.keys() ?? [];
      this.#unknown(path, 'service', `${namespace}/${name}`, [...names]);
      return undefined;
    }
    const { exports } = service;
    if (exports.includes('*') || exports.includes(this.#namespace)) return service;
    const message = `\`${service.id}\` is not exported to namespace \`${this.#namespace}\``;
    this.error(path, message, `\`exports: [${this.#namespace}]\` in that Service`);
    return undefined;
  }

  #operations(
    names: readonly string[] | undefined,
    services: readonly string[] | undefined,
    path: Path,
  ): readonly OperationRecord[] | undefined {
    if (names === undefined) return undefined;
    const own = this.#context.services.get(this.#namespace) ?? NO_SERVICES;
    const reached = services?.flatMap((id) => this.#byId(id) ?? []) ?? [...own.values()];
    const records: OperationRecord[] = [];
    for (const [index, text] of names.entries()) {
      const record = this.#operation(text, services, reached, [...path, index]);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  #operation(
    text: string,
    services: readonly string[] | undefined,
    reached: readonly Service[],
    path: Path,
  ): OperationRecord | undefined {
    const [name = '', service, namespace = this.#namespace, ...more] = text.split('/').reverse();
    const matches = parseTextPattern(name);
    const wrong = service === '' || namespace === '' || isTextPattern(`${service}${namespace}`);
    if (matches === undefined || name === '' || more.length > 0 || wrong) {
      const message = `\`${text}\`: expected \`operation\` or \`service/operation\``;
      this.error(path, message);
      return undefined;
    }
    const exact = !isTextPattern(name);
    if (service === undefined) {
      const known = reached.some((it) => it.operations.some((route) => matches(route.name)));
      if (!known && exact) this.#unknownOperation(path, text, reached);
      return { name };
    }
    const id = `${namespace}/${service}`;
    // Foreign ones are reached by their full names, unless `services` says what is reached.
    const foreign = namespace !== this.#namespace && services === undefined;
    const target = foreign
      ? this.#exported(namespace, service, path)
      : reached.find((it) => it.id === id);
    if (foreign && target === undefined) return undefined;
    if (foreign && !exact) {
      this.error(path, `\`${text}\`: another namespace's operations are named in full`);
      return undefined;
    }
    // A pattern may match nothing so far, but of a service there is.
    const known = target?.operations.some((route) => matches(route.name)) ?? false;
    if (target === undefined || (!known && exact)) {
      this.#unknownOperation(path, text, target === undefined ? reached : [target]);
    }
    return { service: id, name };
  }

  #unknownOperation(path: Path, text: string, reached: readonly Service[]): void {
    const candidates = reached.flatMap((it) => it.operations.map((route) => route.name));
    this.#unknown(path, 'operation', text, candidates);
  }

  #role(text: string, path: Path): string | Fault {
    const id = text.includes('/') ? text : `${this.#namespace}/${text}`;
    const { roleIds } = this.#context;
    if (!roleIds.has(id)) this.#unknown(path, 'role', text, [...roleIds]);
    return id;
  }

  #byId(id: string): Service | undefined {
    const [namespace = '', name = ''] = id.split('/');
    return this.#context.services.get(namespace)?.get(name);
  }

  #named(
    values: Readonly<Record<string, readonly string[]>> | undefined,
    path: Path,
  ): Readonly<Record<string, readonly string[]>> | undefined {
    if (values === undefined) return undefined;
    if (Object.keys(values).length === 0) this.error(path, 'names nothing', 'at least one name');
    const entries = Object.entries(values).map(([name, texts]) => {
      return [name, this.#each(texts, [...path, name], textPattern) ?? []] as const;
    });
    return Object.fromEntries(entries);
  }

  /** Parses each item of a list; what fails is told at its place and left out. */
  #each(
    items: readonly string[] | undefined,
    path: Path,
    parse: (text: string, index: number) => string | Fault,
  ): readonly string[] | undefined {
    if (items === undefined) return undefined;
    const parsed: string[] = [];
    for (const [index, item] of items.entries()) {
      const value = parse(item, index);
      if (typeof value === 'string') parsed.push(value);
      else this.error([...path, index], `\`${item}\`: ${value.error}`);
    }
    return parsed;
  }

  #unknown(path: Path, what: string, text: string, candidates: readonly string[]): void {
    const some = [...new Set(candidates)].slice(0, SHOWN_MAX).join(', ');
    this.#diagnostics.error(
      this.#at(path),
      `no ${what} \`${text}\` in namespace \`${this.#namespace}\``,
      candidates.length === 0 ? undefined : `one of ${some}`,
      nearest(text, candidates),
    );
  }

  error(path: Path, message: string, expected?: string): void {
    this.#diagnostics.error(this.#at(path), message, expected);
  }
}

/** Without the keys that are not there. */
export function defined<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as never; // What is left is what there was.
}

function spiffePattern(text: string): string | Fault {
  const pattern = parseSpiffePattern(text);
  return pattern instanceof SpiffePattern ? text : { error: pattern.rule };
}

function trustDomain(text: string): string | Fault {
  const domain = parseTrustDomain(text);
  if (domain instanceof SpiffeIdError) return { error: domain.rule };
  return domain === text ? text : { error: `the name alone is expected, \`${domain}\`` };
}

function textPattern(text: string): string | Fault {
  const parsed = parseTextPattern(text);
  return parsed === undefined ? { error: '`*` stands alone or at one end' } : text;
}
