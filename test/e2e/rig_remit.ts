// A Remit behind a test's Envoy: its configuration, its process and its records.

import { join } from 'node:path';
import type { TlsFiles } from '../../demo/envoy_config.ts';
import { type Service, startRemit } from '../../demo/processes.ts';
import { type RecordPair, readRecords } from '../../demo/records.ts';
import { type Scenario, writeRemitConfig } from '../../demo/scenario.ts';

/** One Remit, which can be stopped and started again on the same port. */
export class RigRemit {
  readonly #configFile: string;
  readonly #ports: { readonly check: number; readonly http: number };
  readonly #files: { readonly evidence: string; readonly decisions: string };
  readonly #logFile: string;
  #service: Service | undefined;

  constructor(scenario: Scenario, name: string, ports: { check: number; http: number }) {
    this.#configFile = join(scenario.dir, `${name}.yaml`);
    this.#ports = ports;
    this.#logFile = join(scenario.dir, `${name}.log`);
    this.#files = {
      evidence: join(scenario.dir, `${name}-evidence.ndjson`),
      decisions: join(scenario.dir, `${name}-decisions.ndjson`),
    };
  }

  async write(
    scenario: Scenario,
    level: 'NONE' | 'BASE' | 'MERGE_SLASHES',
    tls?: TlsFiles,
  ): Promise<void> {
    const where = { ...this.#ports, ...this.#files, file: this.#configFile };
    await writeRemitConfig(scenario, { ...where, pathNormalization: level, ...(tls && { tls }) });
  }

  async start(): Promise<void> {
    const options = { httpPort: this.#ports.http, logFile: this.#logFile };
    this.#service = await startRemit(this.#configFile, options);
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }

  /** Freezes the process (SIGSTOP), or lets it go on (SIGCONT). */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#service) process.kill(this.#service.pid, name);
  }

  records(decisionId: string): Promise<RecordPair> {
    return readRecords(this.#files, decisionId);
  }

  get checkPort(): number {
    return this.#ports.check;
  }
}
