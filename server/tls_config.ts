// `tls` in remit.yaml: the certificate that the check port serves, and who may vouch for those who
// ask (DESIGN section 9). As files, or both from the SPIFFE Workload API.

import { resolve } from 'node:path';
import { z } from 'zod';
import { strict } from '../engine/bundle/strict_object.ts';
import type { YamlDocument } from '../engine/bundle/yaml_document.ts';
import type { Diagnostics } from '../engine/diagnostic.ts';
import { parseTrustDomain } from '../engine/spiffe_id.ts';

const file = z.string().min(1);
const domain = z
  .string()
  .refine((text) => parseTrustDomain(text) === text, 'must be a trust domain');

export const tlsSchema = strict(
  {
    check: strict({
      cert: file.optional(),
      key: file.optional(),
      clientBundle: z.union([file, z.record(domain, file)]).optional(),
      workloadApi: z.literal(true).optional(),
    }).optional(),
  },
  ['admin'],
);

/** Absolute paths. */
export interface TlsFilesConfig {
  readonly cert: string;
  readonly key: string;
  /** Undefined: peers are not identified. */
  readonly clientBundles: readonly (readonly [trustDomain: string, file: string])[] | undefined;
}

export type TlsConfig = TlsFilesConfig | 'workloadApi';

/** Whoever asks over TCP has to show a certificate. */
export function identifiesPeers(tls: TlsConfig | undefined): boolean {
  return tls === 'workloadApi' || tls?.clientBundles !== undefined;
}

type CheckTls = NonNullable<z.infer<typeof tlsSchema>['check']>;

/**
 * Undefined without `tls.check`, and where a mistake was told.
 * @param config what `tls` depends on elsewhere in it
 */
export function resolveTls(
  tls: z.infer<typeof tlsSchema> | undefined,
  config: { readonly trustDomain?: string | undefined; readonly workloadApi?: unknown },
  folder: string,
  document: YamlDocument,
  diagnostics: Diagnostics,
): TlsConfig | undefined {
  const check = tls?.check;
  if (check === undefined) return undefined;
  if (check.workloadApi === undefined) {
    return resolveFiles(check, config.trustDomain, folder, document, diagnostics);
  }
  const path = ['tls', 'check', 'workloadApi'];
  const other = (['cert', 'key', 'clientBundle'] as const).find((key) => check[key] !== undefined);
  if (other !== undefined) {
    const message = `tls.check.${other} beside \`workloadApi\`, which gives certificate, key and bundles`;
    diagnostics.error(document.at(['tls', 'check', other]), message, 'one of both');
    return undefined;
  }
  if (config.workloadApi === undefined) {
    const message = 'the Workload API is not configured';
    diagnostics.error(document.at(path), message, '`workloadApi: "unix:/path"` in remit.yaml');
    return undefined;
  }
  return 'workloadApi';
}

function resolveFiles(
  check: CheckTls,
  trustDomain: string | undefined,
  folder: string,
  document: YamlDocument,
  diagnostics: Diagnostics,
): TlsFilesConfig | undefined {
  const { cert, key, clientBundle } = check;
  if (cert === undefined || key === undefined) {
    const missing = cert === undefined ? 'tls.check.cert' : 'tls.check.key';
    diagnostics.error(document.at(['tls', 'check']), `${missing} is missing`, '`cert` and `key`');
    return undefined;
  }
  const at = document.at(['tls', 'check', 'clientBundle']);
  let byDomain = clientBundle;
  if (typeof byDomain === 'string') {
    if (trustDomain === undefined) {
      const message = 'one file is the bundle of `trustDomain`, which is not set';
      diagnostics.error(at, message, '`{trust.domain: FILE}`, or `trustDomain`');
      return undefined;
    }
    byDomain = { [trustDomain]: byDomain };
  }
  if (byDomain !== undefined && Object.keys(byDomain).length === 0) {
    diagnostics.error(at, 'no trust domain is in it', '`{trust.domain: FILE}`');
    return undefined;
  }
  return {
    cert: resolve(folder, cert),
    key: resolve(folder, key),
    clientBundles:
      byDomain &&
      Object.entries(byDomain).map(([name, path]) => [name, resolve(folder, path)] as const),
  };
}
