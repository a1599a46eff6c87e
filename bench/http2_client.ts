// Our own load client, for machines without h2load: node:http2, each answer checked down to its
// grpc-status. It takes a Load as JSON, writes the log that h2load would write, and prints how many
// bytes the answers had.

import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { CHECK_PATH } from './check_message.ts';
import type { Load } from './load.ts';

type Work = Load & { readonly log: string };

const WINDOW_BYTES = 16 * 1024 * 1024;
const HEADERS = {
  ':method': 'POST',
  ':path': CHECK_PATH,
  'content-type': 'application/grpc',
  te: 'trailers',
};

class LoadRun {
  readonly #load: Load;
  readonly #message: Buffer;
  readonly #log: string[] = [];
  readonly #finish: (error?: Error) => void;
  #started = 0;
  answerBytes = 0;

  constructor(load: Load, finish: (error?: Error) => void) {
    this.#load = load;
    this.#message = readFileSync(load.messageFile);
    this.#finish = finish;
  }

  get log(): string {
    return this.#log.join('\n');
  }

  next(session: ClientHttp2Session): void {
    if (this.#started === this.#load.requests) return;
    this.#started++;
    const startedMs = performance.now();
    const stream = session.request(HEADERS);
    let status: unknown;
    let grpcStatus: unknown;
    stream.on('response', (headers) => {
      status = headers[':status'];
      grpcStatus = headers['grpc-status'];
    });
    stream.on('trailers', (trailers) => {
      grpcStatus = trailers['grpc-status'];
    });
    stream.on('data', (chunk: Buffer) => {
      this.answerBytes += chunk.length;
    });
    stream.on('error', (error: Error) => this.#finish(error));
    stream.on('end', () => {
      if (Number(grpcStatus) !== 0) this.#finish(new Error(`grpc-status ${grpcStatus}`));
      const startedUs = Math.round((performance.timeOrigin + startedMs) * 1000);
      const tookUs = Math.round((performance.now() - startedMs) * 1000);
      this.#log.push(`${startedUs}\t${status}\t${tookUs}`);
      if (this.#log.length === this.#load.requests) this.#finish();
      else this.next(session);
    });
    stream.end(this.#message);
  }
}

/** @returns the bytes of all answers */
async function main(work: Work): Promise<number> {
  const sessions = await Promise.all(
    Array.from({ length: work.connections }, () => connected(work.port)),
  );
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const run = new LoadRun(work, (error) => (error === undefined ? resolve() : reject(error)));
  for (const session of sessions) {
    for (let stream = 0; stream < work.streams; stream++) run.next(session);
  }
  await finished;
  for (const session of sessions) session.destroy();
  writeFileSync(work.log, run.log);
  return run.answerBytes;
}

function connected(port: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${port}`, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    session.once('connect', () => {
      session.setLocalWindowSize(WINDOW_BYTES);
      resolve(session);
    });
    session.once('error', reject);
    session.once('goaway', (code) => {
      if (code !== constants.NGHTTP2_NO_ERROR) reject(new Error(`goaway ${code}`));
    });
  });
}

// The argument comes from load.ts.
const work = JSON.parse(process.argv[2] ?? '{}') as Work;
process.stdout.write(String(await main(work)));
