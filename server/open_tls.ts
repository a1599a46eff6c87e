// Opens what `tls` in remit.yaml names: files, or the SPIFFE Workload API.

import type { TlsConfig } from './tls_config.ts';
import { TlsFiles } from './tls_files.ts';
import type { TlsSource } from './tls_source.ts';
import type { WorkloadApi } from './workload_api/client.ts';
import { TlsWorkloadApi } from './workload_api/tls_material.ts';

/**
 * Undefined: the check port is plaintext. Rejects with one line when there is no material to start
 * with.
 * @param api there where the configuration says so
 */
export async function openTls(
  tls: TlsConfig | undefined,
  api: WorkloadApi | undefined,
): Promise<TlsSource | undefined> {
  if (tls === undefined) return undefined;
  if (tls !== 'workloadApi') return new TlsFiles(tls);
  if (api === undefined) throw new Error('`tls.check.workloadApi` needs `workloadApi`');
  return TlsWorkloadApi.open(api);
}
