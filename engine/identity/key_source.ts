// Where keys come from that a bundle only names: plain data, for whoever fetches them.

import { type Bundle, documentId, keyFilesOf } from '../bundle/bundle.ts';
import { parseDuration } from '../duration.ts';

/** `keyUrlProblem` has been asked about the URL. */
export interface KeySourceUrl {
  readonly issuerId: string;
  readonly url: string;
  /** Authorities for this server instead of the system's; PEM. */
  readonly caFile: string | undefined;
  /** Also from a network of one's own, or from this host. */
  readonly allowPrivate: boolean;
  /** Plaintext, from this host only. */
  readonly allowHttp: boolean;
  /** How long the last good set is used after the source has begun to fail. */
  readonly staleMs: number;
}

export function keySourceUrls({ issuers }: Pick<Bundle, 'issuers'>): readonly KeySourceUrl[] {
  return issuers.flatMap((located): KeySourceUrl[] => {
    const jwks = located.document.spec.jwt?.jwks;
    if (jwks?.url === undefined) return [];
    const ca = keyFilesOf(located).find(({ path }) => path.at(-1) === 'ca');
    const { url, allowPrivate, allowHttp, staleFor } = jwks;
    const staleMs = parseDuration(staleFor) ?? 0;
    const issuerId = documentId(located.document);
    return [{ issuerId, url, caFile: ca?.name, allowPrivate, allowHttp, staleMs }];
  });
}

/** Which bundles of the SPIFFE Workload API some Issuer reads. */
export interface WorkloadApiNeeds {
  readonly x509: boolean;
  readonly jwt: boolean;
}

export function workloadApiNeeds({ issuers }: Pick<Bundle, 'issuers'>): WorkloadApiNeeds {
  const specs = issuers.map(({ document }) => document.spec);
  return {
    x509: specs.some(({ x509 }) => x509?.workloadApi === true),
    jwt: specs.some(({ jwtSvid }) => jwtSvid?.workloadApi === true),
  };
}
