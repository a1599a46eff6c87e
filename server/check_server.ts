// The check port: one gRPC server a listener, because the listener decides who may be asking
// (DESIGN 5.7). Messages pass through undecoded, so that everything a client can send is answered
// by a successful RPC; grpc-js answers by itself only where framing is broken or 16 MiB are passed.

import { chmodSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import type { ServerHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import {
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerInterceptingCallInterface,
  type ServiceDefinition,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { HealthImplementation } from 'grpc-health-check';
import { protoPath as healthProto } from 'grpc-health-check';
import { verdictOf } from '../engine/check.ts';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { TRANSPORT_BYTES_MAX } from '../engine/limits.ts';
import { encodeCheckResponse } from '../envoy/check_response.ts';
import { authorizationPackage, foreignPackage } from '../proto/load.ts';
import type { Checker } from '../workers/checker.ts';
import { decisionId } from '../workers/decision_id.ts';
import { type Address, addressText, isLocal } from './address.ts';
import { type AnswerCheck, answerChecks } from './check_call.ts';
import { limitCompressedCalls } from './compressed_calls.ts';

export const CHECK_SERVICE = 'envoy.service.auth.v3.Authorization';
const LOCAL: Asker = { kind: 'local' };
const REMOTE: Asker = { kind: 'remote' };
/** Read and write for the owner only: who may open the socket is who may ask. */
const SOCKET_UMASK = 0o177;
const SOCKET_MODE = 0o600;

const INTERNAL = verdictOf(new Failure('sys.internal', 'the checker failed'));

// By itself grpc-js writes plain text between the lines of our log, of errors that it also returns.
if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);

const identity = (bytes: Buffer): Buffer => bytes;
const CHECK: ServiceDefinition = {
  Check: {
    path: `/${CHECK_SERVICE}/Check`,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

// Each HTTP/2 stream is some 5 KB of objects that die with their answer. Where enough of one kind
// have outlived a collection, V8 makes the next ones old from birth, and each of those holds on to
// its whole dead stream: then collecting costs more than deciding (docs/performance.md).
setFlagsFromString('--no-allocation-site-pretenuring');

export interface CheckServerOptions {
  readonly deadlineMs: number;
  readonly deadlineMarginMs: number;
  readonly streamsMax: number;
}

export class CheckServer {
  readonly address: Address;
  readonly #server: Server;

  constructor(
    address: Address,
    checker: Checker,
    health: HealthImplementation,
    options: CheckServerOptions,
    onInternalError: (error: unknown) => void,
  ) {
    this.address = address;
    const asker = isLocal(address) ? LOCAL : REMOTE;
    // A checker neither throws nor rejects; should one do so after all, the answer is no.
    const refuse = (error: unknown): Buffer => {
      onInternalError(error);
      return encodeCheckResponse(INTERNAL, decisionId(Date.now()), 'http');
    };
    const answer: AnswerCheck = (bytes, call) => {
      try {
        const response = checker.check(bytes, asker, deadlineOf(call, options));
        return response instanceof Promise ? response.catch(refuse) : response;
      } catch (error) {
        return refuse(error);
      }
    };
    this.#server = new Server({
      'grpc.max_receive_message_length': TRANSPORT_BYTES_MAX,
      'grpc.max_concurrent_streams': options.streamsMax,
      // Nothing serves what channelz counts of each call; our own metrics count answers.
      'grpc.enable_channelz': 0,
      interceptors: [limitCompressedCalls(), answerChecks(CHECK.Check!.path, answer)],
    });
    this.#server.addService(CHECK, {
      Check: () => {
        throw new Error('the interceptor answers every Check');
      },
    });
    health.addToServer(this.#server);
    const reflected = { ...authorizationPackage(), ...foreignPackage(healthProto) };
    new ReflectionService(reflected).addToServer(this.#server);
  }

  /** Resolves with the bound address; rejects with one line that says what is in the way. */
  async listen(): Promise<Address> {
    const { address } = this;
    if (address.kind === 'unix') return this.#listenUnix(address.path);
    const port = await this.#bind(addressText(address));
    return { ...address, port };
  }

  /** Answers what was accepted, then closes; what takes longer is cut off. */
  async close(drainMs: number): Promise<void> {
    const sessions = this.#sessions();
    const drained = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const timer = setTimeout(() => {
      this.#server.forceShutdown();
      for (const session of sessions) session.destroy();
    }, drainMs);
    await drained;
    clearTimeout(timer);
  }

  /**
   * The open connections. Without channelz grpc-js does not find them itself: its `forceShutdown`
   * cuts nothing off then (1.14.7). Its types do not name the field.
   */
  #sessions(): ServerHttp2Session[] {
    const { http2Servers } = this.#server as unknown as {
      readonly http2Servers: ReadonlyMap<unknown, { readonly sessions: Set<ServerHttp2Session> }>;
    };
    return [...http2Servers.values()].flatMap(({ sessions }) => [...sessions]);
  }

  async #listenUnix(path: string): Promise<Address> {
    await clearSocket(path);
    const before = process.umask(SOCKET_UMASK);
    try {
      await this.#bind(`unix:${path}`);
    } finally {
      process.umask(before);
    }
    chmodSync(path, SOCKET_MODE);
    return this.address;
  }

  #bind(target: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      this.#server.bindAsync(target, credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(new Error(`cannot listen on ${target}: ${reasonOf(error)}`));
      });
    });
  }
}

/** The caller's deadline less a margin, or our own. */
function deadlineOf(
  call: ServerInterceptingCallInterface,
  { deadlineMs, deadlineMarginMs }: CheckServerOptions,
): number {
  const deadline = call.getDeadline();
  const at = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Number.isFinite(at) ? at - deadlineMarginMs : Date.now() + deadlineMs;
}

/** Removes a socket that a dead process left, which refuses; anything else that is there stays. */
async function clearSocket(path: string): Promise<void> {
  const folder = dirname(path);
  // The system would call it a lack of permission.
  if (!existsSync(folder)) throw new Error(`cannot listen on unix:${path}: no folder ${folder}`);
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) {
    throw new Error(`cannot listen on unix:${path}: something else is there, and it is no socket`);
  }
  const refusal = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (refusal === 'ECONNREFUSED') unlinkSync(path);
  else if (refusal !== 'ENOENT') {
    const why = refusal === undefined ? 'listens there' : `may listen there (${refusal})`;
    throw new Error(`cannot listen on unix:${path}: another process ${why}`);
  }
}

function reasonOf(error: Error): string {
  if (/EADDRINUSE/.test(error.message)) return 'the port is in use';
  if (/EACCES|EPERM/.test(error.message)) return 'permission denied';
  return error.message;
}
