// Where the certificate of the check port and the bundles for its peers come from: files, or the
// SPIFFE Workload API. Both give the same material, and replace it without dropping a connection.

import type { Logger } from 'pino';
import type { TlsMaterial } from './tls_material.ts';

export interface TlsSource {
  /** In force. */
  readonly material: TlsMaterial;
  /** Changes put in force, and those that could not be used. */
  readonly counts: { readonly changed: number; readonly failed: number };
  /** From now on what changes is put in force. */
  watch(putInForce: (material: TlsMaterial) => void, log: Logger): void;
  stop(): void;
}
