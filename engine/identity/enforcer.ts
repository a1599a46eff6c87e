// Enforcers: who may ask, and what it may say of others (DESIGN sections 5.7 and 6). An enforcer is
// recognised by the connection it asks over, never by anything in the message.

import type { Bundle } from '../bundle/bundle.ts';
import { documentId } from '../bundle/bundle.ts';
import type { EnforcerDocument, PeerAssertion } from '../bundle/identity_kind.ts';
import type { Diagnostics } from '../diagnostic.ts';
import { parseSpiffeId, SpiffeId } from '../spiffe_id.ts';
import { parseSpiffePattern, SpiffePattern } from '../spiffe_pattern.ts';
import { PatternIndex } from './pattern_index.ts';

/**
 * What the connection shows of the one who asks. `local`: the listener itself is a unix socket or
 * bound to loopback. `remote`: any other listener that verifies nobody. `peer`: the certificate of
 * the connection proved this SPIFFE ID (as text, because it crosses threads).
 * `named` and `everything` are for offline deciding, where no connection is.
 */
export type Asker =
  | { readonly kind: 'local' }
  | { readonly kind: 'remote' }
  | { readonly kind: 'peer'; readonly id: string }
  | { readonly kind: 'named'; readonly enforcer: string }
  | { readonly kind: 'everything' };

export interface Enforcer {
  readonly id: string;
  readonly type: EnforcerDocument['spec']['type'];
  readonly identities: readonly SpiffePattern[];
  /** SPIFFE IDs by which it calls itself: that of its certificate, else those named exactly. */
  readonly names: readonly string[];
  readonly peer: ReadonlySet<PeerAssertion>;
  /** Destinations it may ask about; `*` covers all, also those that no SPIFFE ID names. */
  readonly destinations: readonly (SpiffePattern | '*')[];
  /** What it may say of a request's surroundings. */
  readonly asserts: SurroundingAssertions;
}

/** Values of environment and tenant, or `*`; names of runtime facts. */
export interface SurroundingAssertions {
  readonly environment: readonly string[];
  readonly tenant: readonly string[];
  readonly runtime: readonly string[] | '*';
}

/** Whoever decides offline without the name of an enforcer. */
export const EVERYTHING: Enforcer = {
  id: 'everything',
  type: 'gateway',
  identities: [],
  names: [],
  // Not `xfcc`: it has no name that could stand in the header.
  peer: new Set<PeerAssertion>(['principal', 'certificate', 'clientCert', 'metadata', 'anonymous']),
  destinations: ['*'],
  asserts: { environment: ['*'], tenant: ['*'], runtime: '*' },
};

/** Identities whose enforcer is remembered; each has a certificate that was verified. */
const PEERS_MAX = 4096;

/** In which ways the Issuers of a bundle vouch. */
export interface Vouching {
  readonly byCertificate: boolean;
  /** Of authorization servers and CI systems. */
  readonly byJwt: boolean;
}

export class Enforcers {
  readonly #byId = new Map<string, Enforcer>();
  readonly #byIdentity = new PatternIndex<Enforcer>();
  /** What `of` found for a certificate's identity: of these enforcers, so a reload begins anew. */
  readonly #peers = new Map<string, Enforcer | undefined>();
  #local: Enforcer | undefined;

  constructor(documents: Bundle['enforcers'], vouching: Vouching, diagnostics: Diagnostics) {
    for (const located of documents) {
      const enforcer = compileEnforcer(located, diagnostics);
      warnOfUnread(located, vouching, diagnostics);
      this.#byId.set(enforcer.id, enforcer);
      this.#addIdentities(enforcer, located, diagnostics);
      if (!located.document.spec.local) continue;
      if (this.#local !== undefined) {
        const message = `two enforcers are local: \`${this.#local.id}\` and this one`;
        diagnostics.error(located.at(['spec', 'local']), message, 'one for the whole bundle');
      }
      this.#local = enforcer;
    }
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Those that a certificate can show. */
  get identifiedSize(): number {
    return [...this.#byId.values()].filter(({ identities }) => identities.length > 0).length;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** May any of them say this of a peer? */
  someAsserts(assertion: PeerAssertion): boolean {
    return [...this.#byId.values()].some(({ peer }) => peer.has(assertion));
  }

  /** May any of them say something of a request's surroundings? */
  get someAssertsExtensions(): boolean {
    return [...this.#byId.values()].some(({ asserts }) => {
      return [asserts.environment, asserts.tenant, asserts.runtime].some(
        ({ length }) => length > 0,
      );
    });
  }

  get ids(): Iterable<string> {
    return this.#byId.keys();
  }

  /** The enforcer behind a connection, or undefined: then nobody is answered anything but no. */
  of(asker: Asker): Enforcer | undefined {
    switch (asker.kind) {
      case 'local':
        return this.#local;
      case 'named':
        return this.#byId.get(asker.enforcer);
      case 'peer':
        return this.#peers.get(asker.id) ?? this.#ofPeer(asker.id);
      case 'everything':
        return EVERYTHING;
      case 'remote':
        return undefined;
    }
  }

  /** A sidecar is bound to the one workload that its certificate names, whatever its patterns. */
  #ofPeer(text: string): Enforcer | undefined {
    if (this.#peers.has(text)) return undefined;
    const id = parseSpiffeId(text);
    const own = parseSpiffePattern(text);
    if (!(id instanceof SpiffeId) || !(own instanceof SpiffePattern)) return undefined;
    const found = this.#byIdentity.find(id);
    const identities = found?.type === 'sidecar' ? [own] : found?.identities;
    const enforcer = found && identities && { ...found, identities, names: [text] };
    if (this.#peers.size === PEERS_MAX) this.#peers.clear();
    this.#peers.set(text, enforcer);
    return enforcer;
  }

  #addIdentities(
    enforcer: Enforcer,
    { at }: Bundle['enforcers'][number],
    diagnostics: Diagnostics,
  ): void {
    for (const pattern of enforcer.identities) {
      const first = this.#byIdentity.add(pattern, enforcer);
      if (first === undefined || first === enforcer) continue;
      const message = `\`${pattern.text}\` is the enforcer \`${first.id}\` already`;
      diagnostics.error(at(['spec', 'identities']), message, 'one enforcer for an identity');
    }
  }
}

/**
 * May the enforcer ask about this destination? A sidecar only about the workload it stands beside,
 * so that a stolen one can lie about nobody else (known by its certificate, only about the workload
 * that this names); the others about what their `destinations` cover.
 */
export function mayAskAbout(enforcer: Enforcer, destination: string): boolean {
  const allowed = enforcer.type === 'sidecar' ? enforcer.identities : enforcer.destinations;
  if (allowed.includes('*' as never)) return true;
  const id = parseSpiffeId(destination);
  if (!(id instanceof SpiffeId)) return false;
  return allowed.some((pattern) => pattern !== '*' && pattern.matches(id));
}

function compileEnforcer(
  { document, at }: Bundle['enforcers'][number],
  diagnostics: Diagnostics,
): Enforcer {
  const { type, identities, local, asserts } = document.spec;
  const patterns = (texts: readonly string[] | undefined, path: readonly string[]) =>
    (texts ?? []).flatMap((text, index) => {
      const pattern = parseSpiffePattern(text);
      if (pattern instanceof SpiffePattern) return [pattern];
      diagnostics.error(at(['spec', ...path, index]), `\`${text}\`: ${pattern.rule}`);
      return [];
    });
  const known = patterns(identities, ['identities']);
  if (!local && known.length === 0) {
    diagnostics.error(
      at(['spec']),
      'nobody can be this enforcer',
      '`identities`, or `local: true`',
    );
  }
  if (type === 'sidecar') {
    if (asserts.destinations !== undefined) {
      const message = 'a sidecar asks about the workload it stands beside and nothing else';
      diagnostics.error(at(['spec', 'asserts', 'destinations']), message, 'no destinations');
    }
    if (local && (known.length === 0 || known.some((pattern) => !pattern.isExact))) {
      const message = 'a local sidecar shows no identity of its own';
      diagnostics.error(at(['spec']), message, '`identities` with the exact workload beside it');
    }
  } else if (asserts.destinations === undefined) {
    const message = `a ${type} asks about many destinations`;
    diagnostics.error(at(['spec', 'asserts']), message, '`destinations`, `["*"]` for all');
  }
  const all = asserts.destinations?.includes('*') ?? false;
  return {
    id: documentId(document),
    type,
    identities: known,
    names: known.filter(({ isExact }) => isExact).map((it) => it.text),
    peer: new Set(asserts.peer),
    destinations: all ? ['*'] : patterns(asserts.destinations, ['asserts', 'destinations']),
    asserts: {
      environment: asserts.environment ?? [],
      tenant: asserts.tenant ?? [],
      runtime: asserts.runtime ?? [],
    },
  };
}

function warnOfUnread(
  { document, at }: Bundle['enforcers'][number],
  { byCertificate, byJwt }: Vouching,
  diagnostics: Diagnostics,
): void {
  for (const [index, assertion] of document.spec.asserts.peer.entries()) {
    const certified = assertion === 'certificate' || assertion === 'clientCert';
    const unverified = (certified && !byCertificate) || (assertion === 'metadata' && !byJwt);
    if (!unverified) continue;
    const why = 'verified by no Issuer of the bundle: it proves nothing and is ignored';
    diagnostics.warning(at(['spec', 'asserts', 'peer', index]), `\`${assertion}\` is ${why}`);
  }
}
