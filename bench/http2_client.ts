// Our own load client, for machines without h2load: node:http2, each answer checked down to its
// grpc-status. It takes a Load as JSON, writes the log that h2load would write, and prints how many
// bytes the answers had.

import { readFileSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, constants } from 'node:http2';
import { CHECK_PATH } from './check_message.ts';
import type { Load } from './load.ts';
import { http2Session, type Target } from './target.ts';

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
  readonly #messages: readonly Buffer[];
  readonly #log: string[] = [];
  readonly #finish: (error?: Error) => void;
  #started = 0;
  answerBytes = 0;

  constructor(load: Load, finish: (error?: Error) => void) {
    this.#load = load;
    this.#messages = framesOf(readFileSync(load.messageFile));
    this.#finish = finish;
  }

  get log(): string {
    return this.#log.join('\n');
  }

  /** As many at a time as were asked for, the next when one is answered. */
  runClosed(sessions: readonly ClientHttp2Session[]): void {
    for (const session of sessions) {
      for (let stream = 0; stream < this.#load.streams; stream++) this.#next(session);
    }
  }

  /** Each when it is due. Its time counts from then, also when this process was late. */
  runOpen(sessions: readonly ClientHttp2Session[], rate: number): void {
    const beganMs = performance.now();
    const send = (): void => {
      const due = Math.min(this.#load.requests, ((performance.now() - beganMs) * rate) / 1000);
      while (this.#started < due) {
        const session = sessions[this.#started % sessions.length]!;
        this.#request(session, beganMs + (this.#started * 1000) / rate);
      }
      if (this.#started < this.#load.requests) setTimeout(send, 1);
    };
    send();
  }

  #next(session: ClientHttp2Session): void {
    if (this.#started < this.#load.requests) {
      this.#request(session, performance.now(), () => this.#next(session));
    }
  }

  #request(session: ClientHttp2Session, startedMs: number, onAnswer?: () => void): void {
    const message = this.#messages[this.#started % this.#messages.length]!;
    this.#started++;
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
      else onAnswer?.();
    });
    stream.end(message);
  }
}

/** Of gRPC's framing: a byte and the length before each. */
function framesOf(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

/** @returns the bytes of all answers */
async function main(work: Work): Promise<number> {
  const sessions = await Promise.all(
    Array.from({ length: work.connections }, () => connected(work.target)),
  );
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const run = new LoadRun(work, (error) => (error === undefined ? resolve() : reject(error)));
  if (work.rate === undefined) run.runClosed(sessions);
  else run.runOpen(sessions, work.rate);
  await finished;
  for (const session of sessions) session.destroy();
  writeFileSync(work.log, run.log);
  return run.answerBytes;
}

function connected(target: Target): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2Session(target, {
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
