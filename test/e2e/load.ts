// Clients that send one request after the other through Envoy, each with a path that no other has,
// until they are told to stop; and what became of each.

import { randomUUID } from 'node:crypto';
import { Connection, type HttpAnswer, type HttpCall } from '../../demo/client.ts';
import { KiB } from '../../engine/limits.ts';
import type { ListenerName, LoadStage } from './load_stage.ts';

/** What the policy says of a request; `either`: it depends on the bundle that is in force. */
export type Wanted = 'allow' | 'deny' | 'either';

export interface Kind {
  readonly wanted: Wanted;
  /** @param id unique; part of the path */
  readonly call: (id: string) => HttpCall;
}

const JSON_BODY = { 'content-type': 'application/json' };

/** Of the caller's own tenant, or of another. */
export function read(tenant: 'acme' | 'globex', wanted: Wanted): Kind {
  return {
    wanted,
    call: (id) => ({ method: 'GET', path: `/v1/tenants/${tenant}/accounts/${id}` }),
  };
}

/** With a body of this size, which Envoy sends along. */
export function refund(tenant: 'acme' | 'globex', wanted: Wanted, bodyBytes: number): Kind {
  const body = Buffer.alloc(bodyBytes, 0x20);
  const pathOf = (id: string) => `/v1/tenants/${tenant}/accounts/${id}/refunds`;
  return {
    wanted,
    call: (id) => ({ method: 'POST', path: pathOf(id), headers: JSON_BODY, body }),
  };
}

/** Decided in place and in the pool, allowed and denied. */
export const MIXED: readonly Kind[] = [
  read('acme', 'allow'),
  read('globex', 'deny'),
  refund('acme', 'allow', 64 * KiB),
  refund('globex', 'deny', 64 * KiB),
];

export interface Sent {
  readonly path: string;
  readonly wanted: Wanted;
  readonly atMs: number;
  /** Undefined while it is under way, and when the connection to Envoy broke. */
  answer: HttpAnswer | undefined;
}

export class Load {
  readonly sent: Sent[] = [];
  readonly #asking: Promise<void>[];
  #stopping = false;

  /** @param clients each with a connection of its own, in turn through all kinds */
  constructor(stage: LoadStage, listener: ListenerName, kinds: readonly Kind[], clients: number) {
    this.#asking = Array.from({ length: clients }, (_, index) =>
      this.#ask(
        new Connection(stage.target(listener), stage.scenario.svids.checkout),
        kinds,
        index,
      ),
    );
  }

  get answered(): number {
    return this.sent.reduce((sum, { answer }) => sum + (answer === undefined ? 0 : 1), 0);
  }

  /** Waits for what is under way. */
  async stop(): Promise<readonly Sent[]> {
    this.#stopping = true;
    await Promise.all(this.#asking);
    return this.sent;
  }

  async #ask(connection: Connection, kinds: readonly Kind[], first: number): Promise<void> {
    for (let turn = first; !this.#stopping; turn++) {
      const { wanted, call } = kinds[turn % kinds.length]!;
      const made = call(randomUUID());
      const sent: Sent = { path: made.path, wanted, atMs: Date.now(), answer: undefined };
      this.sent.push(sent);
      // Without an answer the verdict on it is the reader's.
      sent.answer = await connection.send(made).catch(() => undefined);
    }
    connection.close();
  }
}
