// Where a server under test listens, and how each of our clients reaches it. Whatever a client has
// to know besides the address (as of a server that speaks TLS) belongs here and nowhere else.

import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type SecureClientSessionOptions,
} from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { CHECK_PATH } from './check_message.ts';

const UNIX = 'unix:';

export interface Target {
  /** `127.0.0.1:port` or `unix:/path`, as grpc-js writes them. */
  readonly address: string;
}

/** For looking at single answers. */
export function grpcClient({ address }: Target): Client {
  return new Client(address, credentials.createInsecure());
}

export function http2Session(
  target: Target,
  options: SecureClientSessionOptions,
): ClientHttp2Session {
  return connectHttp2('http://127.0.0.1', {
    ...options,
    createConnection: () => openSocket(target),
  });
}

/** Arguments of h2load that say where to and what for. */
export function h2loadArguments({ address }: Target): readonly string[] {
  // The name before the path goes into `:authority` and is looked up nowhere.
  return address.startsWith(UNIX)
    ? [`--base-uri=${address}`, `http://127.0.0.1${CHECK_PATH}`]
    : [`http://${address}${CHECK_PATH}`];
}

/** Whether somebody accepts there. */
export function accepts(target: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket(target);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function openSocket({ address }: Target): Socket {
  if (address.startsWith(UNIX)) return connectSocket({ path: address.slice(UNIX.length) });
  const [host = '', port] = address.split(':');
  return connectSocket({ host, port: Number(port), noDelay: true });
}
