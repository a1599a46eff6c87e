// Where a server under test listens, and how each of our clients reaches it. Whatever a client has
// to know besides the address, as of a server that speaks TLS, is here and nowhere else.

import { readFileSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type SecureClientSessionOptions,
} from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { CHECK_PATH } from './check_message.ts';
import { SERVER_NAME, type TlsFiles } from './mutual_tls.ts';

const UNIX = 'unix:';
/** One suite, that every server has: whichever is asked, it is the same cryptography. */
const TLS: ConnectionOptions = {
  servername: SERVER_NAME,
  ALPNProtocols: ['h2'],
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
};

export interface Target {
  /** `127.0.0.1:port` or `unix:/path`, as grpc-js writes them. */
  readonly address: string;
  /** What a client shows and trusts; without it the server speaks plaintext. */
  readonly tls?: TlsFiles | undefined;
}

/** For looking at single answers. */
export function grpcClient({ address, tls }: Target): Client {
  if (tls === undefined) return new Client(address, credentials.createInsecure());
  const { ca, key, cert } = readTls(tls);
  return new Client(address, credentials.createSsl(ca, key, cert), {
    'grpc.ssl_target_name_override': SERVER_NAME,
  });
}

export function http2Session(
  target: Target,
  options: SecureClientSessionOptions,
): ClientHttp2Session {
  const { tls } = target;
  return connectHttp2(`${tls === undefined ? 'http' : 'https'}://127.0.0.1`, {
    ...options,
    createConnection: () =>
      tls === undefined
        ? openSocket(target)
        : connectTls({ ...TLS, ...readTls(tls), ...hostAndPort(target) }),
  });
}

/** Arguments of h2load that say where to and what for. */
export function h2loadArguments({ address, tls }: Target): readonly string[] {
  if (tls !== undefined) throw new Error('h2load shows no certificate; `--client node` does');
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
  return connectSocket(hostAndPort({ address }));
}

function hostAndPort({ address }: Target) {
  const [host = '', port] = address.split(':');
  return { host, port: Number(port), noDelay: true };
}

function readTls({ cert, key, authority }: TlsFiles) {
  return { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(authority) };
}
