// The inventory of credentials that falls out of traffic (C-065 C-067 C-068 C-069 C-083 C-085):
// which were proved, whose, since when, until when, and where they came from. It is made of records
// and knows no policy; what is missing here was not seen, and that is all.
//
// Bounded: what was seen least recently is forgotten first, and counted. No identity pushes out
// another one's credentials by having many.

import { type InventoryHead, type InventoryReport, inventoryText } from './inventory_report.ts';
import { Recent } from './recent.ts';
import { type Proof, readProofs, readUse, type Use } from './record_facts.ts';
import { RecordLines, type TakeLine } from './record_lines.ts';
import {
  type Credential,
  type Identity,
  identityReport,
  instant,
  type Operation,
  operationReport,
  type Seen,
} from './seen.ts';

export interface InventoryLimits {
  readonly identitiesMax: number;
  readonly credentialsMax: number;
  readonly credentialsAnIdentityMax: number;
  readonly sourcesMax: number;
  readonly operationsMax: number;
  readonly keysMax: number;
  /** Lines that are read in full in one second; without a bound where nobody waits. */
  readonly readsASecondMax: number;
}

/** Some 20 MB when all are full. */
const LIMITS: InventoryLimits = {
  identitiesMax: 10_000,
  credentialsMax: 10_000,
  /** A token for each job or session: the last ones tell enough. */
  credentialsAnIdentityMax: 32,
  sourcesMax: 8,
  operationsMax: 20_000,
  /** A line whose key was forgotten is read in full once more, and nothing else. */
  keysMax: 20_000,
  readsASecondMax: Number.POSITIVE_INFINITY,
};

/** What lines of one key stand for. */
interface Known {
  readonly things: readonly Seen[];
  readonly minute: number;
}

export class CredentialInventory {
  readonly #limits: InventoryLimits;
  readonly #lines = new RecordLines();
  readonly #known: Recent<number, Known>;
  readonly #identities: Recent<string, Identity>;
  readonly #credentials: Recent<Credential, Credential>;
  readonly #operations: Recent<string, Operation>;
  #credentialsForgotten = 0;
  #since: number;
  #until = Number.NEGATIVE_INFINITY;
  #unreadable = 0;
  #omitted = 0;
  #reads = 0;
  #second = 0;

  /** @param since from when on nobody who comes is missed; of files, their first record */
  constructor(since = Number.POSITIVE_INFINITY, limits: Partial<InventoryLimits> = {}) {
    this.#since = since;
    this.#limits = { ...LIMITS, ...limits };
    this.#known = new Recent(this.#limits.keysMax);
    this.#identities = new Recent(this.#limits.identitiesMax, (it) => {
      for (const credential of [...it.credentials.values()]) this.#forget(credential);
    });
    this.#credentials = new Recent(this.#limits.credentialsMax, (it) => this.#forget(it));
    this.#operations = new Recent(this.#limits.operationsMax, (it) => {
      it.isForgotten = true;
    });
  }

  /** @returns how many bytes were whole lines; the rest is to come again with what follows it */
  add(bytes: Buffer): number {
    return this.#lines.read(bytes, this.#take);
  }

  /** A line whose key is known tells nothing new until the minute is another. */
  readonly #take: TakeLine = (key, minute, bytes, start, end) => {
    const known = key === undefined ? undefined : this.#known.get(key);
    const isKnown = known?.things.every(isKept) === true;
    // A caller with another token each time takes the time of nobody else.
    if (isKnown && (known.minute === minute || !this.#mayRead())) {
      for (const it of known.things) it.count++;
      return;
    }
    if (!isKnown && !this.#mayRead()) {
      this.#omitted++;
      return;
    }
    this.#reads++;
    const things = this.#read(bytes.toString('utf8', start, end));
    if (key !== undefined) this.#known.set(key, { things, minute });
  };

  #mayRead(): boolean {
    const { readsASecondMax } = this.#limits;
    if (this.#reads < readsASecondMax) return true;
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#reads = 0;
    this.#second = second;
    return this.#reads < readsASecondMax;
  }

  #read(line: string): readonly Seen[] {
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      // A file may hold anything.
      this.#unreadable++;
      return [];
    }
    const proofs = readProofs(record);
    if (proofs.length > 0) return proofs.map((proof) => this.#prove(proof));
    const use = readUse(record);
    return use === undefined ? [] : [this.#use(use)];
  }

  #prove(proof: Proof): Credential {
    const { subject, issuer, time, enforcer, workload } = proof;
    const name = issuer === '' ? subject : `${issuer}#${subject}`;
    const identity = this.#identities.get(name) ?? newIdentity(proof, this.#limits, this.#forget);
    this.#identities.set(name, identity);
    const known = identity.credentials.get(idOf(proof));
    const credential = known ?? newCredential(identity, proof);
    identity.credentials.set(idOf(proof), credential);
    this.#credentials.set(credential, credential);
    const source = `${enforcer} ${workload}`;
    if (!credential.sources.has(source)) {
      if (credential.sources.size < this.#limits.sourcesMax) {
        credential.sources.set(source, { enforcer, workload });
      } else credential.sourcesOmitted++;
    }
    this.#see(identity, time);
    this.#see(credential, time);
    credential.count++;
    return credential;
  }

  readonly #forget = (credential: Credential): void => {
    if (credential.isForgotten) return;
    const { owner, proof, count } = credential;
    credential.isForgotten = true;
    owner.count += count;
    owner.credentialsForgotten++;
    owner.credentials.delete(idOf(proof));
    this.#credentials.delete(credential);
    this.#credentialsForgotten++;
  };

  #use(use: Use): Operation {
    const key = `${use.principal} ${use.operation}`;
    const { time } = use;
    const fresh = { use, firstSeen: time, lastSeen: time, count: 0, isForgotten: false };
    const operation = this.#operations.get(key) ?? fresh;
    this.#operations.set(key, operation);
    this.#see(operation, time);
    operation.count++;
    return operation;
  }

  #see(it: Seen, time: number): void {
    it.firstSeen = Math.min(it.firstSeen, time);
    it.lastSeen = Math.max(it.lastSeen, time);
    this.#since = Math.min(this.#since, time);
    this.#until = Math.max(this.#until, time);
  }

  /** @param now until when nobody who came was missed; of files, their last record */
  report(now = this.#until): InventoryReport {
    return {
      ...this.#head(now),
      identities: Array.from(this.#identities.values(), identityReport),
      operations: Array.from(this.#operations.values(), operationReport),
    };
  }

  /** The same as JSON in parts, each made when it is asked for: all at once holds up others. */
  text(now: number): Iterable<string> {
    // Whoever comes meanwhile is moved in the tables, and would be met twice.
    const identities = [...this.#identities.values()];
    const operations = [...this.#operations.values()];
    return inventoryText(
      this.#head(now),
      mapped(identities, identityReport),
      mapped(operations, operationReport),
    );
  }

  #head(now: number): InventoryHead {
    return {
      since: instant(this.#since),
      until: instant(now),
      forgotten: {
        identities: this.#identities.forgotten,
        credentials: this.#credentialsForgotten,
        operations: this.#operations.forgotten,
      },
      unreadable: this.#unreadable,
      omitted: this.#omitted,
    };
  }
}

function* mapped<T, R>(values: readonly T[], map: (value: T) => R): Generator<R> {
  for (const value of values) yield map(value);
}

function isKept({ isForgotten }: Seen): boolean {
  return !isForgotten;
}

function idOf({ method, credential }: Proof): string {
  return `${method} ${credential}`;
}

function newIdentity(
  proof: Proof,
  { credentialsAnIdentityMax }: InventoryLimits,
  forget: (credential: Credential) => void,
): Identity {
  const { time } = proof;
  return {
    ...{ proof, firstSeen: time, lastSeen: time, count: 0, isForgotten: false },
    credentials: new Recent(credentialsAnIdentityMax, forget),
    ...{ credentialsForgotten: 0, rotations: 0, lastRotated: undefined },
  };
}

function newCredential(owner: Identity, proof: Proof): Credential {
  const { time } = proof;
  const others = [...owner.credentials.values()].filter((it) => it.proof.method === proof.method);
  // A certificate that is renewed with the key that was there is not a key more.
  const isSameKey = (it: Credential) => it.proof.keyThumbprint === proof.keyThumbprint;
  const isOwnKey = proof.issuer === '' && proof.method !== 'jwt_svid' && proof.method !== 'wit';
  if (others.length > 0 && !(isOwnKey && others.some(isSameKey))) {
    owner.rotations++;
    owner.lastRotated = Math.max(owner.lastRotated ?? time, time);
  }
  return {
    ...{ owner, proof, firstSeen: time, lastSeen: time, count: 0, isForgotten: false },
    ...{ sources: new Map(), sourcesOmitted: 0 },
  };
}
