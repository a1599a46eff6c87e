// A folder with everything the demo runs on: CA, SVIDs, policies, remit.yaml and Envoy's
// configuration. Names and ports are data here, so that the tests can vary them.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { IDS, TRUST_DOMAIN, writeBundle } from './bundle.ts';
import { type EnvoyOptions, type TlsFiles, writeEnvoyConfig } from './envoy_config.ts';
import { type CertificateAuthority, issueSvid, makeCa, type Svid } from './pki.ts';

/** Ports on loopback; 0 in `envoy` and `admin` lets Envoy choose. */
export interface ScenarioPorts {
  readonly check: number;
  readonly http: number;
  /** The listener that demands a client certificate. */
  readonly envoy: number;
  /** The listener that also admits peers without one, so that Remit decides about them. */
  readonly envoyOptionalCertificate: number;
  readonly admin: number;
  readonly upstreamHttp: number;
  readonly upstreamGrpc: number;
}

/** What `--prepare` writes: DESIGN's ports for Remit, well-known ones for the rest. */
export const DEFAULT_PORTS: ScenarioPorts = {
  check: 9191,
  http: 9190,
  envoy: 8443,
  envoyOptionalCertificate: 8444,
  admin: 9901,
  upstreamHttp: 8080,
  upstreamGrpc: 8081,
};

/** Names of Envoy's two listeners. */
export const LISTENER = { mtls: 'mtls', optionalCertificate: 'optional_certificate' } as const;

// Long enough to try things by hand for a day, and below the 24 h that restricted data demands.
const SVID_LIFETIME_MS = 12 * 3_600_000;

/** Where everything is, all paths absolute. */
export interface Scenario {
  readonly dir: string;
  readonly ca: CertificateAuthority;
  readonly svids: Readonly<Record<keyof typeof IDS, Svid>>;
  /** The files of the SVID that was written under this name. */
  readonly tls: (name: string) => TlsFiles;
  readonly policies: string;
  readonly remitConfig: string;
  readonly envoyConfig: string;
  readonly evidence: string;
  readonly decisions: string;
  readonly accessLog: string;
}

/** Writes the folder. */
export async function writeScenario(folder: string, ports: ScenarioPorts): Promise<Scenario> {
  const scenario = await writeIdentities(folder);
  await writeBundle(scenario.policies);
  await writeRemitConfig(scenario, ports);
  await writeEnvoyConfig(scenario.envoyConfig, demoEnvoy(scenario, ports));
  return scenario;
}

/** Writes CA and SVIDs only, and names every other file. */
export async function writeIdentities(folder: string): Promise<Scenario> {
  const dir = resolve(folder);
  const pki = join(dir, 'pki');
  await mkdir(pki, { recursive: true });
  const ca = await makeCa(TRUST_DOMAIN);
  await writeFile(join(pki, 'ca.pem'), ca.certificatePem);
  const names = Object.keys(IDS) as (keyof typeof IDS)[];
  const entries = names.map(async (name) => {
    // Only so that curl, which knows no SPIFFE IDs, can be used without --insecure.
    const reachable = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
    const svid = await issueSvid(ca, IDS[name], {
      lifetimeMs: SVID_LIFETIME_MS,
      ...(name === 'payments' && reachable),
    });
    await writeSvid(pki, name, svid);
    return [name, svid] as const;
  });
  // One entry for each name of IDS.
  const svids = Object.fromEntries(await Promise.all(entries)) as Scenario['svids'];
  return {
    dir,
    ca,
    svids,
    tls: (name) => tlsFiles(pki, name),
    policies: join(dir, 'policies'),
    remitConfig: join(dir, 'remit.yaml'),
    envoyConfig: join(dir, 'envoy.json'),
    evidence: join(dir, 'evidence.ndjson'),
    decisions: join(dir, 'decisions.ndjson'),
    accessLog: join(dir, 'access.ndjson'),
  };
}

/** Writes remit.yaml for the scenario's policies. */
export async function writeRemitConfig(
  scenario: Scenario,
  options: {
    readonly check: number;
    readonly http: number;
    /** The level at which paths are read; it must say what Envoy does. Default MERGE_SLASHES. */
    readonly pathNormalization?: 'NONE' | 'BASE' | 'MERGE_SLASHES';
    readonly file?: string;
    readonly evidence?: string;
    readonly decisions?: string;
    /** mTLS on the check port; default plaintext. */
    readonly tls?: TlsFiles;
  },
): Promise<void> {
  const text = `# Written by the demo. Every key is explained in docs/.
policies: ${JSON.stringify(scenario.policies)}
trustDomain: ${TRUST_DOMAIN}
listen: {check: "127.0.0.1:${options.check}", http: "127.0.0.1:${options.http}"}
records:
  evidence: ${JSON.stringify(`file:${options.evidence ?? scenario.evidence}`)}
  decisions: ${JSON.stringify(`file:${options.decisions ?? scenario.decisions}`)}
# What Envoy does to paths before it asks, and what to do with one that can be read in two ways.
envoy: {pathNormalization: ${options.pathNormalization ?? 'MERGE_SLASHES'}, ambiguousPaths: deny}
threads: {pool: 1}
${options.tls === undefined ? '' : checkTls(options.tls)}`;
  await writeFile(options.file ?? scenario.remitConfig, text);
}

function checkTls({ certificate, key, trustedCa }: TlsFiles): string {
  const [cert, secret, bundle] = [certificate, key, trustedCa].map((it) => JSON.stringify(it));
  return `tls: {check: {cert: ${cert}, key: ${secret}, clientBundle: ${bundle}}}\n`;
}

function demoEnvoy(scenario: Scenario, ports: ScenarioPorts): EnvoyOptions {
  const tls = scenario.tls('payments');
  return {
    adminPort: ports.admin,
    listeners: [
      { name: LISTENER.mtls, port: ports.envoy, tls },
      {
        name: LISTENER.optionalCertificate,
        port: ports.envoyOptionalCertificate,
        tls,
        requireClientCertificate: false,
      },
    ],
    authzServers: { remit: ports.check },
    upstreamHttpPort: ports.upstreamHttp,
    upstreamGrpcPort: ports.upstreamGrpc,
    accessLogFile: scenario.accessLog,
  };
}

/** Writes certificate and key as NAME.pem and NAME.key; the key for its owner's eyes only. */
export async function writeSvid(pki: string, name: string, svid: Svid): Promise<void> {
  const key = join(pki, `${name}.key`);
  await writeFile(join(pki, `${name}.pem`), svid.certificatePem);
  await writeFile(key, svid.keyPem, { mode: 0o600 });
  await chmod(key, 0o600);
}

function tlsFiles(pki: string, name: string): TlsFiles {
  return {
    certificate: join(pki, `${name}.pem`),
    key: join(pki, `${name}.key`),
    trustedCa: join(pki, 'ca.pem'),
  };
}
