// A real `remit serve` in a process of its own, and a client that sends bytes and gets bytes.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';

const CLI = resolve(import.meta.dirname, '../../bin/remit.js');
const CHECK = '/envoy.service.auth.v3.Authorization/Check';
const START_MS = 20_000;
const STOP_MS = 10_000;
/** The client must not be what ends a test of large messages. */
const BYTES_MAX = 64 * 1024 * 1024;

const identity = (bytes: Buffer): Buffer => bytes;

export class ServerProcess {
  readonly socket: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #client: Client;
  #log = '';

  /** Starts it on this bundle and waits until it is reachable. */
  static async start(bundle: string, trustDomain: string): Promise<ServerProcess> {
    const server = new ServerProcess(bundle, trustDomain);
    try {
      await server.#ready();
    } catch (error) {
      await server.stop();
      throw new Error(`remit serve did not start: ${server.#log}`, { cause: error });
    }
    return server;
  }

  private constructor(bundle: string, trustDomain: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'remit-fuzz-'));
    this.socket = join(this.#folder, 'check.sock');
    writeFileSync(join(this.#folder, 'bundle.yaml'), bundle);
    const config = join(this.#folder, 'remit.yaml');
    writeFileSync(
      config,
      `policies: ./bundle.yaml
trustDomain: ${trustDomain}
listen: {check: "unix:${this.socket}", http: "127.0.0.1:0"}
records: {evidence: "file:/dev/null", decisions: "file:/dev/null"}
limits: {deadlineMs: 10000}
log: {level: warn}
`,
    );
    this.#child = spawn(process.execPath, [CLI, 'serve', '--config', config], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-20_000);
    });
    this.#client = new Client(`unix:${this.socket}`, credentials.createInsecure(), {
      'grpc.max_send_message_length': BYTES_MAX,
    });
  }

  async #ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
      this.#client.waitForReady(Date.now() + START_MS, (error) =>
        error === undefined ? resolve() : reject(error),
      );
    });
  }

  /** What it said on standard error: at level `warn` nothing, unless something is wrong. */
  get log(): string {
    return this.#log;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with the answer of a successful RPC, rejects with a gRPC error. */
  check(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: Buffer): void => {
        if (error !== null) reject(error);
        else resolve(answer!);
      };
      this.#client.makeUnaryRequest(CHECK, identity, identity, bytes, done);
    });
  }

  /** Resident memory of the process, as the kernel counts it. */
  rssMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
  }

  async stop(): Promise<void> {
    this.#client.close();
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    if (this.running) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
