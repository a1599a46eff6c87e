// A gRPC client for the check port that sends any bytes as a CheckRequest.

import { type ChannelCredentials, Client, credentials, Metadata } from '@grpc/grpc-js';
import { type Address, addressText } from '../../server/address.ts';
import { type Answered, readResponse } from './check_response.ts';

const CHECK = '/envoy.service.auth.v3.Authorization/Check';
const raw = (bytes: Buffer): Buffer => bytes;

export interface CheckOptions {
  /** Sent as grpc-timeout. */
  readonly timeoutMs?: number;
}

export class CheckClient {
  readonly #client: Client;

  constructor(
    address: Address,
    options: Readonly<Record<string, number>> = {},
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    // 64 MiB: what is too large is for the server to say.
    this.#client = new Client(addressText(address), channel, {
      'grpc.max_send_message_length': 64 * 1024 * 1024,
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
  }

  /** Rejects with an RPC error, which the check port must never cause by itself. */
  send(bytes: Buffer, options: CheckOptions = {}): Promise<Buffer> {
    const { timeoutMs } = options;
    const callOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        CHECK,
        raw,
        raw,
        bytes,
        new Metadata(),
        callOptions,
        (error, answer) => (error === null ? resolve(answer!) : reject(error)),
      );
    });
  }

  async check(bytes: Buffer, options: CheckOptions = {}): Promise<Answered> {
    return readResponse(await this.send(bytes, options));
  }

  close(): void {
    this.#client.close();
  }
}
