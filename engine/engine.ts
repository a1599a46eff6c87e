// What the package exports as `remit/engine`, for embedding: deciding without I/O. The one file
// that re-exports, because a package has one entry; inside the project everything is imported from
// where it is defined.

export type {
  AccessRequest,
  Action,
  Context,
  DataClass,
  Operation,
  Principal,
  PrincipalKind,
  RequestAttributes,
  Resource,
  Verb,
} from './access_request.ts';
export type { BundleSource, SourceFile } from './bundle/bundle.ts';
export { check, type Inquiry, type Step, type Verdict } from './check.ts';
export { compileSnapshot } from './compile_snapshot.ts';
export type { Decision, Effect, Outcome, ShadowResult } from './decision.ts';
export type { Destination } from './destination.ts';
export {
  type Diagnostic,
  Diagnostics,
  formatDiagnostic,
  type Position,
} from './diagnostic.ts';
export { type DpopNonces, NO_NONCES } from './dpop_nonces.ts';
export type { Assurance, Evidence } from './evidence.ts';
export { type Facts, NO_FACTS, type Proof, type ProofResult } from './facts.ts';
export { Failure } from './failure.ts';
export type { Credentials } from './identity/credentials.ts';
export type { Asker } from './identity/enforcer.ts';
export { verifyProof } from './identity/proof.ts';
export { type KeySet, type KeySets, NO_KEYS } from './key_sets.ts';
export { REASONS, type Reason, type ReasonClass, reasonClass } from './reason.ts';
export { DEFAULT_SETTINGS, type Settings } from './settings.ts';
export type { Snapshot } from './snapshot.ts';
export { parseSpiffeId, SpiffeId, SpiffeIdError } from './spiffe_id.ts';
