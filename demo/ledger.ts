// The gRPC service of ledger.proto, loaded for its server (upstream.ts) and its client.

import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface BalanceRequest {
  readonly account: string;
}

export interface BalanceResponse {
  readonly account: string;
  readonly cents: number;
  /** The request's metadata, as the upstream saw it. */
  readonly metadata: Readonly<Record<string, string>>;
}

const packages = loadSync(join(import.meta.dirname, 'ledger.proto'), { longs: Number });

/** What grpc-js needs to serve it and to call it. */
// proto-loader types a package's entries alike; this one is a service.
export const LEDGER = packages['demo.ledger.v1.Ledger'] as ServiceDefinition;
