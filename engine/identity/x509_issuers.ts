// Issuers by certificates, one for a trust domain (DESIGN section 6, `Issuer.x509`): certificates
// are verified here, against the authorities that the document names.

import { documentId, type IssuerFile, keyFilesOf, type Located } from '../bundle/bundle.ts';
import type { IssuerDocument, IssuerSpec } from '../bundle/issuer_kind.ts';
import type { Diagnostics, Position } from '../diagnostic.ts';
import { digestOfAll } from '../digest.ts';
import { parseDuration } from '../duration.ts';
import { isHeld, type KeySets } from '../key_sets.ts';
import { parseSpiffeId, parseTrustDomain, SpiffeId, SpiffeIdError } from '../spiffe_id.ts';
import { SvidFailure, type X509Svid } from '../svid.ts';
import { keyFileText } from './key_file.ts';
import { AuthoritiesFault, readAuthorities, TrustBundle, TrustBundles } from './trust_bundles.ts';
import { verifyPeer, verifySentChain, verifyX509Svid } from './x509_svid.ts';

export interface X509Issuer {
  /** `namespace/name` of its document. */
  readonly id: string;
  readonly trustDomain: string;
  /** From notBefore to notAfter of what it vouches for; infinite when the document names none. */
  readonly maxLifetimeMs: number;
}

/** An Issuer's document and what it says of certificates. */
export interface LocatedX509 {
  readonly located: Located<IssuerDocument>;
  readonly spec: NonNullable<IssuerSpec['x509']>;
}

interface CompiledIssuer extends X509Issuer {
  readonly bundle: TrustBundle;
  /** Its authorities come with the facts of each pass. */
  readonly byWorkloadApi: boolean;
  readonly bundleAt: Position;
}

export class X509Issuers {
  readonly #x509 = new Map<string, CompiledIssuer>();
  readonly #bundles: TrustBundles;
  /** With those of the Workload API, for one version of these. */
  #current: { readonly version: number; readonly bundles: TrustBundles } | undefined;
  /** Of the documents and of the key material they name. */
  readonly digest: string;

  constructor(
    issuers: readonly LocatedX509[],
    keyFiles: ReadonlyMap<string, string>,
    diagnostics: Diagnostics,
  ) {
    const bundles = new Map<string, TrustBundle>();
    for (const { located, spec } of issuers) {
      const issuer = compileIssuer(located, spec, keyFiles, diagnostics);
      const { trustDomain } = issuer;
      const first = this.#x509.get(trustDomain);
      if (first !== undefined) {
        const message = `\`${first.id}\` vouches for \`${trustDomain}\` already`;
        const at = located.at(['spec', 'x509', 'trustDomain']);
        diagnostics.error(at, message, 'one Issuer for a trust domain');
        continue;
      }
      this.#x509.set(trustDomain, issuer);
      bundles.set(trustDomain, issuer.bundle);
    }
    this.#bundles = new TrustBundles(bundles);
    this.digest = digestOfAll(
      issuers.map(({ located: { document }, spec }) => ({
        document,
        keys: keyMaterial(bundles.get(spec.trustDomain)),
      })),
      {},
    );
  }

  /** Nobody vouches by certificates. */
  get isEmpty(): boolean {
    return this.#x509.size === 0;
  }

  get trustDomains(): Iterable<string> {
    return this.#x509.keys();
  }

  ofTrustDomain(trustDomain: string): X509Issuer | undefined {
    return this.#x509.get(trustDomain);
  }

  /** The certificate of a CheckRequest: URL-encoded PEM, without a chain. */
  verifySent(text: string, keys: KeySets, now: number): X509Svid | SvidFailure {
    return this.#held(verifyX509Svid(text, this.#bundlesOf(keys), now), keys);
  }

  /** PEM of a leaf, and of what a proxy received behind it. */
  verifyChain(pem: string, keys: KeySets, now: number): X509Svid | SvidFailure {
    return this.#held(verifySentChain(pem, this.#bundlesOf(keys), now), keys);
  }

  /** Whether somebody does not vouch, or his authorities are not at hand yet. */
  #held(result: X509Svid | SvidFailure, keys: KeySets): X509Svid | SvidFailure {
    if (!(result instanceof SvidFailure) || result.reason !== 'authn.untrusted_issuer') {
      return result;
    }
    const id = parseSpiffeId(result.claimedId);
    const issuer = id instanceof SpiffeId ? this.#x509.get(id.trustDomain) : undefined;
    if (!issuer?.byWorkloadApi || isHeld(keys.x509Bundle(issuer.trustDomain))) return result;
    const { claimedId, credential } = result;
    return new SvidFailure('sys.keys_unavailable', 'no bundle at hand', claimedId, credential);
  }

  /** Some keys come with the facts of each pass, and with another version of these others hold. */
  get readsKeys(): boolean {
    return [...this.#x509.values()].some(({ byWorkloadApi }) => byWorkloadApi);
  }

  #bundlesOf(keys: KeySets): TrustBundles {
    if (!this.readsKeys) return this.#bundles;
    if (this.#current?.version === keys.version) return this.#current.bundles;
    const bundles = new Map<string, TrustBundle>();
    for (const { trustDomain, bundle, byWorkloadApi } of this.#x509.values()) {
      const set = byWorkloadApi ? keys.x509Bundle(trustDomain) : undefined;
      if (!byWorkloadApi) bundles.set(trustDomain, bundle);
      else if (isHeld(set) && set.keys instanceof TrustBundle) {
        bundles.set(trustDomain, new TrustBundle(set.keys.roots, bundle.intermediates));
      }
    }
    this.#current = { version: keys.version, bundles: new TrustBundles(bundles) };
    return this.#current.bundles;
  }

  /** The certificate of a TLS peer, with what it sent behind it; DER. */
  verifyPeer(leaf: Uint8Array, chain: readonly Uint8Array[], now: number): X509Svid | SvidFailure {
    return verifyPeer(leaf, chain, this.#bundles, now);
  }

  /** Apart from compiling, which knows no time. */
  warnOfExpired(now: number, diagnostics: Diagnostics): void {
    for (const { bundle, bundleAt, trustDomain } of this.#x509.values()) {
      const expired = bundle.roots.filter(({ certificate }) => certificate.notAfter < now);
      if (expired.length === 0) continue;
      const count = `${expired.length} of ${bundle.roots.length}`;
      diagnostics.warning(bundleAt, `${count} authorities of \`${trustDomain}\` have expired`);
    }
  }
}

function compileIssuer(
  located: Located<IssuerDocument>,
  { trustDomain, maxLifetime, bundle, workloadApi }: LocatedX509['spec'],
  keyFiles: ReadonlyMap<string, string>,
  diagnostics: Diagnostics,
): CompiledIssuer {
  const { document, at } = located;
  const parsed = parseTrustDomain(trustDomain);
  if (parsed !== trustDomain) {
    const rule = parsed instanceof SpiffeIdError ? parsed.rule : 'the name alone is expected';
    diagnostics.error(at(['spec', 'x509', 'trustDomain']), `\`${trustDomain}\`: ${rule}`);
  }
  if (maxLifetime === undefined) {
    const message = 'certificates of any lifetime are believed';
    diagnostics.warning(at(['spec', 'x509']), message, '`maxLifetime`, such as 24h');
  }
  if ((bundle === undefined) === (workloadApi === undefined)) {
    const message = 'its authorities come from one place';
    diagnostics.error(at(['spec', 'x509']), message, '`bundle` or `workloadApi: true`');
  }
  const files = keyFilesOf(located);
  const bundleFile = files.find(({ path }) => path[1] === 'bundle');
  const others = files.filter((file) => file !== bundleFile);
  const read = (file: IssuerFile | undefined, role: 'root' | 'intermediate') => {
    const text = file && keyFileText(file, keyFiles, diagnostics);
    if (file === undefined || text === undefined) return [];
    const authorities = readAuthorities(text, role);
    if (!(authorities instanceof AuthoritiesFault)) return authorities;
    diagnostics.error(
      file.at,
      `${file.name}:${authorities.line}: ${authorities.message}`,
      'PEM with certificates of authorities',
    );
    return [];
  };
  const roots = read(bundleFile, 'root');
  const intermediates = others.flatMap((file) => read(file, 'intermediate'));
  return {
    id: documentId(document),
    trustDomain,
    maxLifetimeMs: (maxLifetime && parseDuration(maxLifetime)) || Number.POSITIVE_INFINITY,
    bundle: new TrustBundle(roots, intermediates),
    byWorkloadApi: workloadApi === true,
    bundleAt: at(['spec', 'x509', 'bundle']),
  };
}

/** Certificates, and not files: neither a comment nor their order makes a difference. */
function keyMaterial(bundle: TrustBundle | undefined): unknown {
  const ders = (of: TrustBundle['roots']): readonly string[] =>
    of.map(({ certificate }) => certificate.der.toString('base64')).sort();
  return bundle && { roots: ders(bundle.roots), intermediates: ders(bundle.intermediates) };
}
