// Issuers: who may vouch for identities (DESIGN section 6, `Issuer`). One for a trust domain; what
// it may not do is grant. Certificates are verified here, against the key files it names.

import { type Bundle, documentId, keyFilesOf, type Located } from '../bundle/bundle.ts';
import type { IssuerDocument } from '../bundle/identity_kind.ts';
import type { Diagnostics, Position } from '../diagnostic.ts';
import { digestOfAll } from '../digest.ts';
import { parseDuration } from '../duration.ts';
import { parseTrustDomain, SpiffeIdError } from '../spiffe_id.ts';
import type { SvidFailure, X509Svid } from '../svid.ts';
import { AuthoritiesFault, readAuthorities, TrustBundle, TrustBundles } from './trust_bundles.ts';
import { verifyPeer, verifyX509Svid } from './x509_svid.ts';

export interface X509Issuer {
  /** `namespace/name` of its document. */
  readonly id: string;
  readonly trustDomain: string;
  /** From notBefore to notAfter of what it vouches for; infinite when the document names none. */
  readonly maxLifetimeMs: number;
}

interface CompiledIssuer extends X509Issuer {
  readonly bundle: TrustBundle;
  readonly bundleAt: Position;
}

export class Issuers {
  readonly #x509 = new Map<string, CompiledIssuer>();
  readonly #bundles: TrustBundles;
  /** Of the documents and of the key material they name. */
  readonly digest: string;

  constructor(
    issuers: Bundle['issuers'],
    keyFiles: ReadonlyMap<string, string>,
    diagnostics: Diagnostics,
  ) {
    const bundles = new Map<string, TrustBundle>();
    for (const located of issuers) {
      const issuer = compileIssuer(located, keyFiles, diagnostics);
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
      issuers.map(({ document }) => ({
        document,
        keys: keyMaterial(bundles.get(document.spec.x509.trustDomain)),
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
  verifySent(text: string, now: number): X509Svid | SvidFailure {
    return verifyX509Svid(text, this.#bundles, now);
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
  keyFiles: ReadonlyMap<string, string>,
  diagnostics: Diagnostics,
): CompiledIssuer {
  const { document, at } = located;
  const { trustDomain, maxLifetime } = document.spec.x509;
  const parsed = parseTrustDomain(trustDomain);
  if (parsed !== trustDomain) {
    const rule = parsed instanceof SpiffeIdError ? parsed.rule : 'the name alone is expected';
    diagnostics.error(at(['spec', 'x509', 'trustDomain']), `\`${trustDomain}\`: ${rule}`);
  }
  if (maxLifetime === undefined) {
    const message = 'certificates of any lifetime are believed';
    diagnostics.warning(at(['spec', 'x509']), message, '`maxLifetime`, such as 24h');
  }
  const [bundleFile, ...others] = keyFilesOf(located);
  const read = (file: typeof bundleFile, role: 'root' | 'intermediate') => {
    const text = file && keyFiles.get(file.name);
    if (file === undefined || text === undefined) {
      if (file !== undefined) reportMissing(file.name, file.at, diagnostics);
      return [];
    }
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
    bundleAt: at(['spec', 'x509', 'bundle']),
  };
}

/** Whoever could not read the file has told why at the same place. */
function reportMissing(name: string, at: Position, diagnostics: Diagnostics): void {
  const told = diagnostics.list.some(
    ({ severity, file, line, column }) =>
      severity === 'error' && file === at.file && line === at.line && column === at.column,
  );
  if (!told) diagnostics.error(at, `the text of \`${name}\` is missing`);
}

/** Certificates, and not files: neither a comment nor their order makes a difference. */
function keyMaterial(bundle: TrustBundle | undefined): unknown {
  const ders = (of: TrustBundle['roots']): readonly string[] =>
    of.map(({ certificate }) => certificate.der.toString('base64')).sort();
  return bundle && { roots: ders(bundle.roots), intermediates: ders(bundle.intermediates) };
}
