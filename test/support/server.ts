// `serve` within the test process, on free ports, with a log that can be read.

import { pino } from 'pino';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { type Address, addressText } from '../../server/address.ts';
import { parseConfig } from '../../server/config.ts';
import type { JwksSource } from '../../server/keys/jwks_source.ts';
import { type RunningServer, serve } from '../../server/serve.ts';
import { CheckClient } from './check_client.ts';
import type { Folder } from './folder.ts';
import { BUNDLE, type BundleFiles, makeImage } from './mesh.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

export interface TestServer {
  readonly running: RunningServer;
  readonly address: Address;
  readonly client: CheckClient;
  readonly log: readonly LogLine[];
  get(path: string, method?: string): Promise<{ status: number; text: string }>;
  /** The value of one metric, named with its labels as it stands in /metrics; 0 when not there. */
  metric(series: string): Promise<number>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly bundle?: BundleFiles;
  readonly keyFiles?: ReadonlyMap<string, string>;
  /** Lines of remit.yaml besides `policies`; default no pool. */
  readonly config?: string;
  /** Keys of `listen`; default one TCP port. */
  readonly listen?: string;
  /** Default none. */
  readonly keySources?: readonly JwksSource[];
}

export const RECORD_FILES =
  'records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}';

/** Starts Remit with records in the folder, `evidence.ndjson` and `decisions.ndjson`. */
export async function startServer(
  folder: Folder,
  options: ServerOptions = {},
): Promise<TestServer> {
  const {
    bundle = BUNDLE,
    keyFiles = new Map<string, string>(),
    config = `threads: {pool: 0}\n${RECORD_FILES}`,
    listen = 'check: "127.0.0.1:0"',
  } = options;
  const text = `policies: ./policies\nlisten: {${listen}, http: "127.0.0.1:0"}\n${config}\n`;
  const diagnostics = new Diagnostics();
  const resolved = parseConfig(folder.at('remit.yaml'), text, diagnostics);
  if (resolved === undefined) throw new Error(diagnostics.list.map(formatDiagnostic).join('\n'));
  const log: LogLine[] = [];
  const logger = pino({ level: 'debug' }, { write: (line) => log.push(JSON.parse(line)) });
  const image = makeImage(bundle, resolved.settings, 1, keyFiles);
  const running = await serve(resolved, image, logger, options.keySources);
  const address = running.check[0]!;
  const client = new CheckClient(address);
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${addressText(running.http)}${path}`, { method });
    return { status: response.status, text: await response.text() };
  };
  return {
    running,
    address,
    client,
    log,
    get,
    metric: async (series) => metricValue((await get('/metrics')).text, series),
    stop: async () => {
      client.close();
      await running.stop();
    },
  };
}

export function metricValue(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
