// A bundle as it crosses threads: checked and compiled once, then read by each thread in the same
// shared memory (DESIGN section 4). The digest of its bytes is what threads agree on before they
// activate it.

import type { KeySourceUrl, WorkloadApiNeeds } from './identity/key_source.ts';
import type { Settings } from './settings.ts';

export interface BundleImage {
  readonly version: number;
  readonly settings: Settings;
  /** Sections; see engine/image/sections.ts. */
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of the bytes. */
  readonly digest: string;
  readonly proofDigest: string;
  readonly policyDigest: string;
  /** Keys that it only names. */
  readonly keyUrls: readonly KeySourceUrl[];
  readonly workloadApi: WorkloadApiNeeds;
  /** What it holds, for the log and for warnings. */
  readonly counts: {
    readonly documents: number;
    readonly services: number;
    readonly rules: number;
    readonly enforcers: number;
    /** Those of them that a certificate can show. */
    readonly identifiedEnforcers: number;
  };
}
