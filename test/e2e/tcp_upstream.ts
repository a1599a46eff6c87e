// An upstream of bytes: says something first, as databases do, and then sends back what it gets.

import { createServer, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Target } from '../../demo/client.ts';
import type { Svid } from '../../demo/pki.ts';

export const GREETING = 'welcome to the store\n';

export interface TcpUpstream {
  readonly port: number;
  /** How many connections reached it. */
  readonly received: () => number;
  readonly stop: () => void;
}

export async function startTcpUpstream(): Promise<TcpUpstream> {
  let received = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    received += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.write(GREETING);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const stop = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, received: () => received, stop };
}

/** What came back over one connection, and whether it was closed from the other side. */
export interface Talk {
  readonly heard: string;
  readonly closed: boolean;
}

/**
 * Connects by mTLS, says `words`, and listens until they have come back, the other side closes, or
 * nothing more has come for `quietMs`.
 */
export function talk(
  target: Target,
  { certificatePem, keyPem }: Svid,
  options: { readonly servername: string; readonly words: string; readonly quietMs: number },
): Promise<Talk> {
  const { servername, words, quietMs } = options;
  return new Promise((resolve) => {
    let heard = '';
    const end = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ heard, closed });
    };
    const timer = setTimeout(() => end(false), quietMs);
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port: target.port,
      ca: target.trustedCaPem,
      cert: certificatePem,
      key: keyPem,
      servername,
      // Who the server is does not matter to these tests.
      checkServerIdentity: () => undefined,
    });
    socket.on('secureConnect', () => {
      if (words !== '') socket.write(words);
    });
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      timer.refresh();
      if (words !== '' && heard.includes(words)) end(false);
    });
    socket.on('error', () => end(true));
    socket.on('close', () => end(true));
  });
}
