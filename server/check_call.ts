// One Check, straight on its HTTP/2 stream: what gRPC asks of a unary call (PROTOCOL-HTTP2.md), and
// nothing else. grpc-js does the same in twice the time and half as much memory again, which every
// request of the fleet would pay (docs/performance.md).

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { type GrpcStatus, OK_TRAILERS, RESPONSE_HEADERS, sendStatus } from './grpc_status.ts';
import type { Inflater } from './inflater.ts';
import { frameMessage, MessageReader } from './message_reader.ts';
import type { UnfinishedCalls, WaitsFor, WatchedCall } from './unfinished_calls.ts';

const WITH_TRAILERS = { waitForTrailers: true };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const TIMEOUT_UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

const ignore = (): void => undefined;

export interface CheckCallPorts {
  /**
   * Answers an encoded request; neither throws nor rejects.
   *
   * @param deadlineMs wall clock at which the caller gives up; undefined: it did not say
   */
  answer(
    bytes: Buffer,
    stream: ServerHttp2Stream,
    deadlineMs: number | undefined,
  ): Buffer | Promise<Buffer>;
  /** Denies because the message is not all there in time; does not throw. */
  late(): Buffer;
  /** Taken off the caller's deadline, so that this denial still arrives. */
  readonly deadlineMarginMs: number;
  readonly unfinished: UnfinishedCalls;
  readonly inflater: Inflater;
}

/** Begins one; all that follows is on the stream's events. */
export function answerCheck(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  ports: CheckCallPorts,
): void {
  stream.on('error', ignore);
  const httpStatus = httpStatusOf(headers);
  if (httpStatus === constants.HTTP_STATUS_OK) new CheckCall(stream, headers, ports);
  // It may have been reset in the same packet.
  else if (!stream.closed) stream.respond({ ':status': httpStatus }, { endStream: true });
}

class CheckCall implements WatchedCall {
  readonly stream: ServerHttp2Stream;
  readonly mayStay = false;
  waitsFor: WaitsFor = 'client';
  readonly #headers: IncomingHttpHeaders;
  readonly #ports: CheckCallPorts;
  readonly #deadlineMs: number | undefined;
  readonly #reader = new MessageReader();
  #isRefused = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ports: CheckCallPorts) {
    this.stream = stream;
    this.#headers = headers;
    this.#ports = ports;
    const timeoutMs = timeoutOf(headers['grpc-timeout']);
    this.#deadlineMs = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
    ports.unfinished.begin(this);
    stream.on('data', (piece: Buffer) => this.#read(piece));
    stream.on('end', () => this.#decide());
  }

  get heldBytes(): number {
    return this.#reader.heldBytes;
  }

  /** What the client still sends is thrown away, until it ends or has had its time. */
  refuse(status: GrpcStatus): void {
    this.#isRefused = true;
    this.#reader.release();
    sendStatus(this.stream, status);
  }

  get expiresAtMs(): number | undefined {
    if (this.#deadlineMs === undefined) return undefined;
    return this.#deadlineMs - this.#ports.deadlineMarginMs;
  }

  /** What nobody answers Envoy lets through under `failure_mode_allow`. */
  expire(): void {
    if (this.waitsFor !== 'client' || this.#isRefused || this.stream.headersSent) return;
    this.#isRefused = true;
    this.#reply(this.#ports.late());
  }

  #read(piece: Buffer): void {
    if (this.#isRefused) return;
    const fault = this.#reader.add(piece);
    if (fault !== undefined) this.refuse(fault);
    else this.#ports.unfinished.grew(this);
  }

  #decide(): void {
    if (this.#isRefused) return;
    const message = this.#reader.take();
    if (!Buffer.isBuffer(message)) this.refuse(message);
    else if (this.#reader.isCompressed) void this.#inflate(message.length);
    else this.#answer(message);
  }

  /** It waits for its turn at the client's risk: what is compressed need not be answered. */
  async #inflate(bytes: number): Promise<void> {
    // Whoever resets it meanwhile is no longer charged for it, so it must not be kept either.
    this.stream.once('close', () => this.#reader.release());
    const encoding = this.#headers['grpc-encoding'];
    const inflated = await this.#ports.inflater.inflate(
      bytes,
      typeof encoding === 'string' ? encoding : undefined,
      () => {
        const message = this.#reader.take();
        return Buffer.isBuffer(message) ? message : undefined;
      },
    );
    if (this.#isRefused) return;
    if (Buffer.isBuffer(inflated)) this.#answer(inflated);
    else this.refuse(inflated);
  }

  #answer(message: Buffer): void {
    // Nobody would get the answer.
    if (this.stream.closed) return;
    this.waitsFor = 'us';
    const answer = this.#ports.answer(message, this.stream, this.#deadlineMs);
    if (answer instanceof Promise) void answer.then((response) => this.#reply(response));
    else this.#reply(answer);
  }

  #reply(response: Buffer): void {
    const { stream } = this;
    this.waitsFor = 'client';
    this.#reader.release();
    if (stream.destroyed || stream.closed) return;
    this.#ports.unfinished.answered(this);
    stream.on('wantTrailers', () => stream.sendTrailers(OK_TRAILERS));
    stream.respond(RESPONSE_HEADERS, WITH_TRAILERS);
    stream.end(frameMessage(response));
  }
}

/** Other than 200: this is no gRPC. */
function httpStatusOf(headers: IncomingHttpHeaders): number {
  if (headers[':method'] !== 'POST') return constants.HTTP_STATUS_METHOD_NOT_ALLOWED;
  return headers['content-type']?.startsWith('application/grpc')
    ? constants.HTTP_STATUS_OK
    : constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE;
}

/** What is no timeout is none: then our own deadline holds, and the caller is answered. */
function timeoutOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, count, unit = ''] = TIMEOUT.exec(String(header)) ?? [];
  return count === undefined ? undefined : Number(count) * TIMEOUT_UNIT_MS[unit]!;
}
