// remit.yaml (DESIGN section 9): every key is optional but `policies`, unknown keys are errors. A
// `Config` is what was written; a `ResolvedConfig` leaves nothing open.

import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkSchema } from '../engine/bundle/check_schema.ts';
import { strict } from '../engine/bundle/strict_object.ts';
import { readYaml } from '../engine/bundle/yaml_document.ts';
import type { Diagnostics } from '../engine/diagnostic.ts';
import { ASSURANCES } from '../engine/evidence.ts';
import { MiB } from '../engine/limits.ts';
import {
  type ClassFloor,
  DEFAULT_SETTINGS,
  PATH_NORMALIZATIONS,
  type Settings,
} from '../engine/settings.ts';
import { parseTrustDomain } from '../engine/spiffe_id.ts';
import { type Address, parseAddress } from './address.ts';
import { type HandOffConfig, handOffSchema, resolveHandOff } from './hand_off_config.ts';
import { lifetimesSchema, resolveLifetimes } from './lifetimes_config.ts';
import { resolveTls, type TlsConfig, tlsSchema } from './tls_config.ts';
import { endpointSchema } from './workload_api/endpoint.ts';

const address = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, 'must be `host:port` or `unix:/path`');
const target = z.string().regex(/^(stdout|file:.+)$/, 'must be `stdout` or `file:PATH`');
const threadCount = z.union([z.literal('auto'), z.int().min(0).max(64)]);
/** Its bare name: `spiffe://td` would never equal the trust domain of an id. */
const trustDomain = z
  .string()
  .refine(
    (text) => parseTrustDomain(text) === text,
    'must be a trust domain, such as prod.example',
  );

/** A name and password in it would stand in the log of whoever logs it. */
const collector = z.string().refine((text) => {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'http:' || url.protocol === 'https:';
}, 'must be a URL such as http://127.0.0.1:4318/v1/traces, without user and password');

const configSchema = strict(
  {
    policies: z.string().min(1),
    trustDomain: trustDomain.optional(),
    listen: strict({
      check: z.union([address, z.array(address).min(1)]).optional(),
      admin: address.optional(),
      http: address.optional(),
    }).optional(),
    threads: strict({
      acceptors: z.union([z.literal('auto'), z.int().min(1).max(64)]).optional(),
      pool: threadCount.optional(),
      poolHeapMiB: z.int().min(32).max(4096).optional(),
    }).optional(),
    envoy: strict({
      pathNormalization: z.enum(PATH_NORMALIZATIONS).optional(),
      ambiguousPaths: z.enum(['deny', 'match']).optional(),
      trustedHops: z.int().min(0).max(32).optional(),
    }).optional(),
    istio: strict({
      rootNamespace: z.string().min(1).optional(),
      trustDomainAliases: z.array(trustDomain).optional(),
      implicitAllow: z.boolean().optional(),
    }).optional(),
    records: strict({
      evidence: target.optional(),
      decisions: target.optional(),
      bufferMiB: z.int().min(1).max(1024).optional(),
    }).optional(),
    limits: strict({
      deadlineMs: z.int().min(1).max(10_000).optional(),
      deadlineMarginMs: z.int().min(0).max(1_000).optional(),
      drainMs: z.int().min(0).max(600_000).optional(),
      streamsMax: z.int().min(1).max(10_000).optional(),
      connectionsMax: z.int().min(1).max(100_000).optional(),
      reloadMs: z.int().min(0).max(3_600_000).optional(),
      silentMs: z.int().min(100).max(600_000).optional(),
      unfinishedMs: z.int().min(100).max(600_000).optional(),
      unfinishedMiB: z.int().min(32).max(4096).optional(),
      connectionAgeMs: z.int().min(1_000).max(86_400_000).optional(),
      handshakeMs: z.int().min(100).max(60_000).optional(),
    }).optional(),
    overdueReviews: z.enum(['warn', 'deny']).optional(),
    classFloor: strict({
      public: z.enum(ASSURANCES).optional(),
      internal: z.enum(ASSURANCES).optional(),
      confidential: z.enum(ASSURANCES).optional(),
      restricted: z.enum(ASSURANCES).optional(),
    }).optional(),
    lifetimes: lifetimesSchema.optional(),
    handOff: handOffSchema.optional(),
    workloadApi: endpointSchema.optional(),
    tls: tlsSchema.optional(),
    tracing: strict({
      otlp: collector,
      sampleRatio: z.number().min(0).max(1).optional(),
    }).optional(),
    log: strict({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
    }).optional(),
  },
  ['state', 'audit'],
);
export type Config = z.infer<typeof configSchema>;

export type RecordTarget =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string };

/** Plain data: a thread makes its own tracing of it. */
export interface TracingConfig {
  readonly otlp: string;
  /** Of traces that begin here; of others whoever began them has decided. */
  readonly sampleRatio: number;
}

export interface ResolvedConfig {
  /** Absolute. */
  readonly policies: string;
  readonly settings: Settings;
  readonly listen: { readonly check: readonly Address[]; readonly http: Address };
  readonly acceptors: number;
  readonly poolThreads: number;
  readonly poolHeapMiB: number;
  readonly records: {
    readonly evidence: RecordTarget;
    readonly decisions: RecordTarget;
    readonly bufferBytes: number;
  };
  readonly limits: {
    /** For callers that send no grpc-timeout. */
    readonly deadlineMs: number;
    /** Taken off the caller's own deadline, so that a denial still arrives. */
    readonly deadlineMarginMs: number;
    readonly drainMs: number;
    readonly streamsMax: number;
    readonly connectionsMax: number;
    /** For the first request of a connection. */
    readonly silentMs: number;
    /** For a message to arrive whole, and for its answer to be read. */
    readonly unfinishedMs: number;
    /** Of all such calls, of one listener in one thread. */
    readonly unfinishedBytes: number;
    readonly connectionAgeMs: number;
    readonly connectionGraceMs: number;
    /** Between two looks at the files; 0: only SIGHUP makes it look. */
    readonly reloadMs: number;
    /** What a TLS handshake may take. */
    readonly handshakeMs: number;
  };
  /** Undefined when it is off. */
  readonly handOff: HandOffConfig | undefined;
  /** Of the SPIFFE Workload API; undefined: there is none. */
  readonly workloadApi: Address | undefined;
  /** Undefined: the check port is plaintext. */
  readonly tls: TlsConfig | undefined;
  /** Undefined when it is off. */
  readonly tracing: TracingConfig | undefined;
  readonly logLevel: NonNullable<NonNullable<Config['log']>['level']>;
  /** Keys that were set and have no effect in this version. */
  readonly withoutEffect: readonly string[];
}

/** @param path where the text came from; relative paths in it count from its folder */
export function parseConfig(
  path: string,
  text: string,
  diagnostics: Diagnostics,
): ResolvedConfig | undefined {
  const documents = [...readYaml(path, text, diagnostics)];
  if (diagnostics.hasErrors) return undefined;
  const [document, second] = documents;
  if (document === undefined || second !== undefined) {
    diagnostics.error(
      { file: path, line: 1, column: 1 },
      'one document is expected',
      '`policies:`',
    );
    return undefined;
  }
  const config = checkSchema<Config>(configSchema, document, diagnostics);
  if (config === undefined) return undefined;
  const folder = dirname(path);
  const tls = resolveTls(config.tls, config, folder, document, diagnostics);
  const { trustDomain: domain } = config;
  const handOff = resolveHandOff(config.handOff, domain, document, diagnostics);
  if (diagnostics.hasErrors) return undefined;
  const resolved = resolveConfig(config, folder, tls, handOff);
  const { evidence, decisions } = resolved.records;
  const both = pathOf(evidence);
  // A device such as /dev/null takes what it gets; in a file the streams would cut each other.
  if (both !== undefined && both === pathOf(decisions) && !both.startsWith('/dev/')) {
    const message = 'both streams of records go to one file';
    diagnostics.error(document.at(['records', 'decisions']), message, 'a file for each');
    return undefined;
  }
  return resolved;
}

function resolveConfig(
  config: Config,
  folder: string,
  tls: TlsConfig | undefined,
  handOff: HandOffConfig | undefined,
): ResolvedConfig {
  const { listen, threads, envoy, records, limits } = config;
  const checks = listen?.check ?? '127.0.0.1:9191';
  const addresses = (Array.isArray(checks) ? checks : [checks]).map(checkedAddress);
  const pool = threads?.pool ?? 'auto';
  return {
    policies: resolve(folder, config.policies),
    settings: {
      trustDomain: config.trustDomain,
      pathNormalization: envoy?.pathNormalization ?? DEFAULT_SETTINGS.pathNormalization,
      ambiguousPaths: envoy?.ambiguousPaths ?? DEFAULT_SETTINGS.ambiguousPaths,
      overdueReviews: config.overdueReviews ?? DEFAULT_SETTINGS.overdueReviews,
      classFloor: { ...DEFAULT_SETTINGS.classFloor, ...given(config.classFloor) },
      lifetimes: resolveLifetimes(config.lifetimes),
    },
    listen: {
      check: addresses,
      http: checkedAddress(listen?.http ?? '127.0.0.1:9190'),
    },
    acceptors: acceptorCount(threads?.acceptors ?? 'auto', addresses),
    // Beyond four workers the acceptors cannot feed them.
    poolThreads: pool === 'auto' ? Math.min(4, Math.max(1, availableParallelism() - 1)) : pool,
    poolHeapMiB: threads?.poolHeapMiB ?? 256,
    records: {
      evidence: recordTarget(records?.evidence, folder),
      decisions: recordTarget(records?.decisions, folder),
      bufferBytes: (records?.bufferMiB ?? 32) * MiB,
    },
    limits: {
      deadlineMs: limits?.deadlineMs ?? 100,
      deadlineMarginMs: limits?.deadlineMarginMs ?? 10,
      drainMs: limits?.drainMs ?? 10_000,
      streamsMax: limits?.streamsMax ?? 1_000,
      connectionsMax: limits?.connectionsMax ?? 1_024,
      silentMs: limits?.silentMs ?? 10_000,
      unfinishedMs: limits?.unfinishedMs ?? 5_000,
      unfinishedBytes: (limits?.unfinishedMiB ?? 64) * MiB,
      connectionAgeMs: limits?.connectionAgeMs ?? 1_800_000,
      reloadMs: limits?.reloadMs ?? 1_000,
      connectionGraceMs: limits?.drainMs ?? 10_000,
      handshakeMs: limits?.handshakeMs ?? 5_000,
    },
    handOff,
    workloadApi: config.workloadApi,
    tls,
    tracing: config.tracing && {
      otlp: config.tracing.otlp,
      sampleRatio: config.tracing.sampleRatio ?? 1,
    },
    logLevel: config.log?.level ?? 'info',
    withoutEffect: withoutEffect(config),
  };
}

function given(floor: Config['classFloor']): Partial<ClassFloor> {
  const entries = Object.entries(floor ?? {}).filter(([, assurance]) => assurance !== undefined);
  return Object.fromEntries(entries);
}

/** One for two cores up to four; a unix socket is served by one, whose pool spreads the work. */
function acceptorCount(wanted: number | 'auto', addresses: readonly Address[]): number {
  if (addresses.every(({ kind }) => kind === 'unix')) return 1;
  if (wanted !== 'auto') return wanted;
  return Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)));
}

function pathOf(target: RecordTarget): string | undefined {
  return target.kind === 'file' ? target.path : undefined;
}

function checkedAddress(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`the schema let \`${text}\` pass as an address`);
  return parsed;
}

function recordTarget(text: string | undefined, folder: string): RecordTarget {
  if (text === undefined || text === 'stdout') return { kind: 'stdout' };
  return { kind: 'file', path: resolve(folder, text.slice('file:'.length)) };
}

/** Names of the design that are read already, so that a file need not change with the version. */
function withoutEffect({ listen, istio, envoy }: Config): string[] {
  const keys: string[] = [];
  if (listen?.admin !== undefined) keys.push('listen.admin');
  if (istio !== undefined) keys.push('istio');
  if (envoy?.trustedHops !== undefined) keys.push('envoy.trustedHops');
  return keys;
}
