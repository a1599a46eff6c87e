// Our own load client, for machines without h2load: node:http2, each answer checked down to its
// grpc-status. It takes a Load as JSON and prints a LoadResult.

import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { CHECK_PATH } from './check_message.ts';
import type { Load } from './load.ts';

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
  readonly #tookUs: Float64Array;
  readonly #finish: (error?: Error) => void;
  #started = 0;
  #answered = 0;
  #answerBytes = 0;

  constructor(load: Load, finish: (error?: Error) => void) {
    this.#load = load;
    this.#message = readFileSync(load.messageFile);
    this.#tookUs = new Float64Array(load.requests);
    this.#finish = finish;
  }

  result(seconds: number) {
    return { seconds, tookUs: Array.from(this.#tookUs), answerBytes: this.#answerBytes };
  }

  next(session: ClientHttp2Session): void {
    if (this.#started === this.#load.requests) return;
    this.#started++;
    const startedMs = performance.now();
    const stream = session.request(HEADERS);
    let grpcStatus: unknown;
    stream.on('response', (headers) => {
      grpcStatus = headers['grpc-status'];
    });
    stream.on('trailers', (trailers) => {
      grpcStatus = trailers['grpc-status'];
    });
    stream.on('data', (chunk: Buffer) => {
      this.#answerBytes += chunk.length;
    });
    stream.on('error', (error: Error) => this.#finish(error));
    stream.on('end', () => {
      if (Number(grpcStatus) !== 0) this.#finish(new Error(`grpc-status ${grpcStatus}`));
      this.#tookUs[this.#answered++] = (performance.now() - startedMs) * 1000;
      if (this.#answered === this.#load.requests) this.#finish();
      else this.next(session);
    });
    stream.end(this.#message);
  }
}

async function main(load: Load) {
  const sessions = await Promise.all(
    Array.from({ length: load.connections }, () => connected(load.port)),
  );
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const run = new LoadRun(load, (error) => (error === undefined ? resolve() : reject(error)));
  const startedMs = performance.now();
  for (const session of sessions) {
    for (let stream = 0; stream < load.streams; stream++) run.next(session);
  }
  await finished;
  const seconds = (performance.now() - startedMs) / 1000;
  for (const session of sessions) session.destroy();
  return run.result(seconds);
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
const load = JSON.parse(process.argv[2] ?? '{}') as Load;
process.stdout.write(JSON.stringify(await main(load)));
