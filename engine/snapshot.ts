// A snapshot: everything that a decision depends on besides the request, the state and the time.
// Immutable, versioned, with two digests: of what proves and of what permits (DESIGN section 8).

import type { Bundle } from './bundle/bundle.ts';
import type { Diagnostics } from './diagnostic.ts';
import { compileProofImage, type ProofImage } from './identity/proof_image.ts';
import { compilePolicyImage, type PolicyImage } from './policy/policy_image.ts';
import { runAll, type Steps } from './steps.ts';

/** Istio's four levels, `MeshConfig.pathNormalization.normalization`. */
export const PATH_NORMALIZATIONS = [
  'NONE',
  'BASE',
  'MERGE_SLASHES',
  'DECODE_AND_MERGE_SLASHES',
] as const;
export type PathNormalization = (typeof PATH_NORMALIZATIONS)[number];

/** The part of remit.yaml that decisions depend on. */
export interface Settings {
  /** The mesh's own trust domain. */
  readonly trustDomain: string | undefined;
  readonly pathNormalization: PathNormalization;
  readonly ambiguousPaths: 'deny' | 'match';
}

export const DEFAULT_SETTINGS: Settings = {
  trustDomain: undefined,
  pathNormalization: 'DECODE_AND_MERGE_SLASHES',
  ambiguousPaths: 'deny',
};

/** What a context handler has to read of a request; nothing else becomes a string. */
export interface AttributesRead {
  readonly host: boolean;
  /** The peer's certificate; whether there is one is always seen. */
  readonly certificate: boolean;
  readonly sni: boolean;
  readonly port: boolean;
}

export interface Snapshot {
  /** Counts up with each activated snapshot of a process. */
  readonly version: number;
  readonly settings: Settings;
  readonly proof: ProofImage;
  readonly policy: PolicyImage;
  readonly attributesRead: AttributesRead;
}

/** What was computed where the bundle was checked, so that no other thread does so again. */
export interface Digests {
  readonly proof: string;
  readonly policy: string;
}

/**
 * Compiles a bundle. All mistakes go to `diagnostics`; with an error among them the result is
 * undefined, so a snapshot never holds half of a bundle.
 */
export function compileBundle(...all: Parameters<typeof compileInSteps>): Snapshot | undefined {
  return runAll(compileInSteps(...all)).snapshot;
}

/** The same in steps. */
export function* compileInSteps(
  bundle: Bundle,
  keyFiles: ReadonlyMap<string, string>,
  settings: Settings,
  version: number,
  diagnostics: Diagnostics,
  digests?: Digests,
): Steps<{ readonly snapshot: Snapshot | undefined }> {
  const { trustDomain: home } = settings;
  const proof = compileProofImage(bundle, keyFiles, home, diagnostics, digests?.proof);
  const { trustDomain, pathNormalization, ambiguousPaths } = settings;
  // Not those of issuers: who may vouch decides nothing about what a permit means.
  const homeTrustDomains =
    trustDomain === undefined ? [...proof.inventory.trustDomains].sort() : [trustDomain];
  const policy = yield* compilePolicyImage(
    bundle,
    { homeTrustDomains, digested: { homeTrustDomains, pathNormalization, ambiguousPaths } },
    diagnostics,
    digests?.policy,
  );
  if (diagnostics.hasErrors) return { snapshot: undefined };
  const { services } = policy;
  const snapshot = {
    version,
    settings,
    proof,
    policy,
    attributesRead: {
      host: policy.byHost.size > 0,
      certificate: !proof.issuers.isEmpty && proof.enforcers.someAsserts('certificate'),
      sni: services.some(({ connections }) => connections.readsSni),
      port: services.some(({ connections }) => connections.readsPort),
    },
  };
  return { snapshot };
}
