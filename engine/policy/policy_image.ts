// What permits, as a snapshot holds it: services and rules where the image has them, each made into
// an object when a request first needs it, with a digest of their own (C-004).

import type { ServiceDocument } from '../bundle/service_kind.ts';
import { Diagnostics } from '../diagnostic.ts';
import type { Directory } from '../image/directory.ts';
import type { TextColumn } from '../image/string_table.ts';
import type { AttributesRead } from '../settings.ts';
import type { RoleRecord } from './rule_record.ts';
import type { RuleStore } from './rule_store.ts';
import { compileService, type Service } from './service.ts';
import { DESTINATION, HOST, SERVICE_ID } from './service_directory.ts';

const NOWHERE = { file: '', line: 0, column: 0 };

/** What is small about it, as an image holds it under `POLICY_HEAD`. */
export interface PolicyHead {
  /** A pattern of each mask. */
  readonly ruleShapes: readonly string[];
  readonly roles: readonly RoleRecord[];
  readonly hasHosts: boolean;
  readonly attributesRead: Omit<AttributesRead, 'headers' | 'proofHeaders'> & {
    readonly headers: readonly string[];
    readonly proofHeaders: readonly string[];
  };
}

export const POLICY_HEAD = 'head.policy';

export interface PolicyParts {
  readonly directory: Directory;
  /** ServiceDocuments. */
  readonly documents: TextColumn;
  readonly rules: RuleStore;
  readonly hasHosts: boolean;
  readonly overdueDenies: boolean;
  readonly digest: string;
}

export class PolicyImage {
  readonly rules: RuleStore;
  readonly digest: string;
  readonly hasHosts: boolean;
  readonly overdueDenies: boolean;
  readonly #directory: Directory;
  readonly #documents: TextColumn;
  readonly #services = new Map<number, Service>();
  /** Destinations that were found: asked for with each request. */
  readonly #byDestination = new Map<string, Service>();

  constructor({ directory, documents, rules, hasHosts, overdueDenies, digest }: PolicyParts) {
    this.#directory = directory;
    this.#documents = documents;
    this.rules = rules;
    this.hasHosts = hasHosts;
    this.overdueDenies = overdueDenies;
    this.digest = digest;
  }

  ofDestination(principal: string): Service | undefined {
    const known = this.#byDestination.get(principal);
    if (known !== undefined) return known;
    const service = this.#find(DESTINATION + principal);
    if (service !== undefined) this.#byDestination.set(principal, service);
    return service;
  }

  ofHost(host: string): Service | undefined {
    return this.#find(HOST + host);
  }

  /** @param id `namespace/service` */
  byId(id: string): Service | undefined {
    return this.#find(SERVICE_ID + id);
  }

  get serviceCount(): number {
    return this.#documents.length;
  }

  serviceAt(index: number): Service {
    const known = this.#services.get(index);
    if (known !== undefined) return known;
    // Our own text, of a document that schema and compiler have checked.
    const document = JSON.parse(this.#documents.at(index)) as ServiceDocument;
    const service = compileService({ document, file: '', at: () => NOWHERE }, new Diagnostics());
    this.#services.set(index, service);
    return service;
  }

  #find(name: string): Service | undefined {
    const index = this.#directory.find(name);
    return index === undefined ? undefined : this.serviceAt(index);
  }
}
