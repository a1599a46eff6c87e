// The Workload API of agent_process.ts as a test holds it, and what a good agent says: SVIDs of
// authorities that test/support makes, and bundles by trust domain.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { MethodDefinition } from '@grpc/proto-loader';
import { workloadApiPackage } from '../../proto/load.ts';
import { HOUR_MS, keysOf, makeAuthority, makeSvid } from '../support/certificates.ts';
import { startNode } from '../support/process.ts';
import type { Saying } from './agent_process.ts';

export const ID = 'spiffe://mesh.example/ns/remit/sa/remit';

const METHODS = {
  svid: 'FetchX509SVID',
  x509: 'FetchX509Bundles',
  jwt: 'FetchJWTBundles',
} as const;
type Method = keyof typeof METHODS;

export class Agent {
  readonly #address: string;
  #child: ChildProcess | undefined;
  #lines: Interface | undefined;
  readonly #sayings: Partial<Record<string, Saying>> = {};

  private constructor(address: string) {
    this.#address = address;
  }

  static async start(address: string): Promise<Agent> {
    const agent = new Agent(address);
    await agent.restart();
    return agent;
  }

  /** Another process, which says again what the one before it said. */
  async restart(): Promise<void> {
    await this.crash();
    if (this.#address.startsWith('unix:'))
      rmSync(this.#address.slice('unix:'.length), { force: true });
    const file = join(import.meta.dirname, 'agent_process.ts');
    const child = startNode([file, this.#address]);
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! });
    child.stderr?.pipe(process.stderr);
    await once(this.#lines, 'line');
    if (Object.keys(this.#sayings).length > 0) await this.#send(this.#sayings);
  }

  /** Without a word to those that are connected. */
  async crash(): Promise<void> {
    if (this.#child === undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#child = undefined;
  }

  /** All of it at once, in this order. */
  async say(messages: Partial<Record<Method, object>>): Promise<void> {
    const entries = Object.entries(messages).map(([method, message]) => {
      const base64 = encoded(method as Method, message).toString('base64');
      return [METHODS[method as Method], { base64 }] as const;
    });
    await this.#tell(Object.fromEntries(entries));
  }

  /** Bytes that need be no message, or how streams end. */
  async sayRaw(method: Method, saying: Saying): Promise<void> {
    await this.#tell({ [METHODS[method]]: saying });
  }

  async #tell(sayings: Record<string, Saying>): Promise<void> {
    Object.assign(this.#sayings, sayings);
    await this.#send(sayings);
  }

  async #send(sayings: Partial<Record<string, Saying>>): Promise<void> {
    const answered = once(this.#lines!, 'line');
    this.#child!.stdin!.write(`${JSON.stringify(sayings)}\n`);
    await answered;
  }
}

export function encoded(method: Method, message: object): Buffer {
  const service = workloadApiPackage()['SpiffeWorkloadAPI'] as Record<
    string,
    MethodDefinition<object, object>
  >;
  return service[METHODS[method]]!.responseSerialize(message);
}

const valid = () => ({ notBefore: Date.now() - HOUR_MS, notAfter: Date.now() + HOUR_MS });

/** The authority of a trust domain; each generation of it has another name and key. */
export function authorityOf(domain: string, generation = 0): Buffer {
  return makeAuthority(`${domain} ${generation}`, valid());
}

export interface SvidOptions {
  readonly id?: string;
  /** Of its authority. */
  readonly generation?: number;
  readonly serial?: number;
}

/** One entry of `svids`. */
export function svidMessage({ id = ID, generation = 0, serial = 1 }: SvidOptions = {}) {
  const domain = id.split('/')[2]!;
  const name = `serving ${serial % 2}`;
  const leaf = makeSvid(id, `${domain} ${generation}`, {
    ...valid(),
    keys: keysOf(name),
    serial: (0x1000 + serial).toString(16),
  });
  return {
    spiffe_id: id,
    x509_svid: leaf,
    x509_svid_key: keysOf(name).privateKey.export({ type: 'pkcs8', format: 'der' }),
    bundle: authorityOf(domain, generation),
  };
}

/** `{domain: certificates}` as a message has it. */
export function bundlesMessage(bundles: Readonly<Record<string, readonly Buffer[]>>) {
  const entries = Object.entries(bundles).map(
    ([domain, ders]) => [`spiffe://${domain}`, Buffer.concat(ders)] as const,
  );
  return { bundles: Object.fromEntries(entries) };
}
