// One stream of the SPIFFE Workload API, opened again whenever it ends (Workload API section 4.2):
// after a pause that grows from one failure to the next, in no step with other clients, and starts
// over when a stream has held for a while. It knows nothing of what the messages mean.

import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { WORKLOAD_API_BYTES_MAX, WORKLOAD_API_STALE_MS_MAX } from '../../engine/limits.ts';
import { type Address, addressText } from '../address.ts';

export interface Timing {
  /** The first pause, and the longest. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
  /** A stream that held for so long was a good one. */
  readonly soundMs: number;
  /** The first message is sent at once (section 4.3); a server that does not is none. */
  readonly firstMs: number;
  /** After so long without a stream what it had said holds no more. */
  readonly staleMs: number;
}

export const TIMING: Timing = {
  pauseMs: 250,
  pauseMsMax: 30_000,
  soundMs: 10_000,
  firstMs: 15_000,
  staleMs: WORKLOAD_API_STALE_MS_MAX,
};

/** A server in Go takes a ping in less than five minutes as an attack, and closes. */
const PING_MS = 6 * 60_000;
const PING_ANSWER_MS = 20_000;

/** Workload Endpoint section 6: an error of ours, or nothing that it has; both stay so. */
const FINAL: ReadonlySet<status> = new Set([status.INVALID_ARGUMENT, status.UNIMPLEMENTED]);

/** `denied`: nothing is for us any more. `refused`: and it is not asked again. */
export type Ending = 'interrupted' | 'denied' | 'refused';

interface Message {
  readonly content: object | undefined;
}

export interface StreamPorts {
  /** @param message undefined when its bytes are no message */
  readonly onMessage: (message: object | undefined) => void;
  /** It ended, and is opened again unless it was refused. */
  readonly onEnd: (ending: Ending, why: string) => void;
  readonly onStale: () => void;
}

export class WorkloadApiStream {
  readonly #endpoint: Address;
  readonly #method: MethodDefinition<object, object>;
  readonly #ports: StreamPorts;
  readonly #timing: Timing;
  /** Ends the attempt that is under way. */
  #cancel: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stale: NodeJS.Timeout | undefined;
  #failures = 0;
  #connected = false;

  constructor(
    endpoint: Address,
    method: MethodDefinition<object, object>,
    ports: StreamPorts,
    timing: Timing,
  ) {
    this.#endpoint = endpoint;
    this.#method = method;
    this.#ports = ports;
    this.#timing = timing;
    this.#open();
  }

  /** It is open, and has said something. */
  get connected(): boolean {
    return this.#connected;
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#stale);
    this.#connected = false;
    const cancel = this.#cancel;
    this.#cancel = undefined;
    cancel?.();
  }

  #open(): void {
    const startedAt = performance.now();
    // A client each time: a channel would wait by a backoff of its own between ours.
    const client = new Client(addressText(this.#endpoint), credentials.createInsecure(), {
      'grpc.max_receive_message_length': WORKLOAD_API_BYTES_MAX,
      'grpc.keepalive_time_ms': PING_MS,
      'grpc.keepalive_timeout_ms': PING_ANSWER_MS,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      // A proxy of the environment would see a private key.
      'grpc.enable_http_proxy': 0,
    });
    const metadata = new Metadata();
    metadata.set('workload.spiffe.io', 'true');
    const { path, requestSerialize, responseDeserialize } = this.#method;
    const read = (bytes: Buffer): Message => ({ content: decoded(responseDeserialize, bytes) });
    const call = client.makeServerStreamRequest(path, requestSerialize, read, {}, metadata);
    const cancel = (): void => {
      clearTimeout(first);
      call.cancel();
      client.close();
    };
    const first = setTimeout(() => call.cancel(), this.#timing.firstMs);
    this.#cancel = cancel;
    call.on('data', ({ content }: Message) => {
      if (this.#cancel !== cancel) return;
      clearTimeout(first);
      clearTimeout(this.#stale);
      this.#stale = undefined;
      this.#connected = true;
      this.#ports.onMessage(content);
    });
    // Of each error there is a status, and of a good end as well.
    call.on('error', () => undefined);
    call.on('status', ({ code, details }) => {
      if (this.#cancel !== cancel) return;
      cancel();
      this.#end(code, details, performance.now() - startedAt);
    });
  }

  #end(code: status, details: string, lastedMs: number): void {
    this.#cancel = undefined;
    this.#connected = false;
    const { staleMs, soundMs } = this.#timing;
    this.#stale ??= setTimeout(() => this.#ports.onStale(), staleMs).unref();
    if (lastedMs >= soundMs) this.#failures = 0;
    if (!FINAL.has(code)) this.#timer = setTimeout(() => this.#open(), this.#pause());
    this.#ports.onEnd(endingOf(code), `${status[code]} ${details}`);
  }

  /** Half of it is chance, so that the clients of an agent that restarts do not come together. */
  #pause(): number {
    const { pauseMs, pauseMsMax } = this.#timing;
    const longest = Math.min(pauseMsMax, pauseMs * 2 ** Math.min(this.#failures++, 32));
    return longest * (0.5 + Math.random() / 2);
  }
}

function endingOf(code: status): Ending {
  if (FINAL.has(code)) return 'refused';
  return code === status.PERMISSION_DENIED ? 'denied' : 'interrupted';
}

function decoded(read: (bytes: Buffer) => object, bytes: Buffer): object | undefined {
  try {
    return read(bytes);
  } catch {
    return undefined;
  }
}
