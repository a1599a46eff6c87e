// The check port: one gRPC server a listener, because the listener decides who may be asking
// (DESIGN 5.7). grpc-js keeps the connections and answers health and reflection; Check is taken out
// of its hands. Messages pass through undecoded, so that everything a client can send is answered
// by a successful RPC, unless its framing is broken or 16 MiB are passed.

import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import type { HealthImplementation } from 'grpc-health-check';
import { verdictOf } from '../engine/check.ts';
import { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { KiB } from '../engine/limits.ts';
import { encodeCheckResponse } from '../envoy/check_response.ts';
import type { Checker } from '../workers/checker.ts';
import { decisionId } from '../workers/decision_id.ts';
import { type Address, isLocal } from './address.ts';
import { answerCheck, type CheckCallPorts } from './check_call.ts';
import { ConnectionGuard } from './connection_guard.ts';
import { Inflater } from './inflater.ts';
import { endConnection, limitAge } from './last_calls.ts';
import { Listener } from './listener.ts';
import { type HandleStream, reflectOnDemand, watchOthers } from './other_calls.ts';
import { TlsGate, type TlsGatePorts } from './tls_gate.ts';
import type { TlsMaterial } from './tls_material.ts';
import { UnfinishedCalls } from './unfinished_calls.ts';

export const CHECK_SERVICE = 'envoy.service.auth.v3.Authorization';
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/** Of health and reflection. */
const OTHER_MESSAGE_BYTES_MAX = 64 * KiB;
/** TLS handshakes in progress, of one listener in one thread. */
const HANDSHAKES_MAX = 128;
const LOCAL: Asker = { kind: 'local' };
const REMOTE: Asker = { kind: 'remote' };

const LATE = new Failure('sys.deadline', 'the message is not all there');
const INTERNAL = verdictOf(new Failure('sys.internal', 'the checker failed'));

// By itself grpc-js writes plain text between the lines of our log, of errors that it also returns.
if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);

const CHECK_PATH = `/${CHECK_SERVICE}/Check`;

// Each HTTP/2 stream is some 5 KB of objects that die with their answer. Where enough of one kind
// have outlived a collection, V8 makes the next ones old from birth, and each of those holds on to
// its whole dead stream: then collecting costs more than deciding (docs/performance.md).
setFlagsFromString('--no-allocation-site-pretenuring');

export interface CheckServerOptions {
  readonly deadlineMs: number;
  readonly deadlineMarginMs: number;
  readonly streamsMax: number;
  /** Of one listener in one thread. */
  readonly connectionsMax: number;
  readonly silentMs: number;
  readonly unfinishedMs: number;
  readonly unfinishedBytes: number;
  readonly connectionAgeMs: number;
  readonly connectionGraceMs: number;
  readonly handshakeMs: number;
}

export interface CheckServerTls {
  readonly material: TlsMaterial;
  readonly isEnforcer: TlsGatePorts['isEnforcer'];
  readonly note: TlsGatePorts['note'];
}

export class CheckServer {
  readonly #address: Address;
  readonly #server: Server;
  readonly #listener: Listener;
  readonly #gate: TlsGate | undefined;
  readonly #inject: (socket: Socket) => void;
  /** What a session runs on; its own `socket` hides the handle. */
  readonly #sockets = new WeakMap<ServerHttp2Session, Socket>();

  constructor(
    address: Address,
    checker: Checker,
    health: HealthImplementation,
    options: CheckServerOptions,
    onInternalError: (error: unknown) => void,
    tls?: CheckServerTls,
  ) {
    this.#address = address;
    this.#gate = tls && this.#makeGate(tls, options);
    const ports = this.#makePorts(checker, options, onInternalError);
    this.#server = new Server({
      'grpc.max_receive_message_length': OTHER_MESSAGE_BYTES_MAX,
      'grpc.max_concurrent_streams': options.streamsMax,
      // A peer that vanished without a word is found out.
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      // Nothing serves what channelz counts of each call; our own metrics count answers.
      'grpc.enable_channelz': 0,
    });
    health.addToServer(this.#server);
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const guard = new ConnectionGuard(options.silentMs);
    let injected: Socket | undefined;
    for (const server of this.#http2Servers().keys()) {
      server.on('session', (session) => {
        if (injected === undefined) return;
        this.#sockets.set(session, injected);
        guard.watch(injected, session);
        // So that replicas that are new get their share: Envoy keeps a connection for ever.
        limitAge(session, injected, options);
      });
      this.#takeChecks(server, ports);
    }
    this.#inject = (socket) => {
      // A session is made of it at once, and names no socket that could be compared.
      injected = socket;
      injector.injectConnection(socket);
      injected = undefined;
    };
    this.#listener = new Listener(
      (socket) => (this.#gate === undefined ? this.#inject(socket) : this.#gate.accept(socket)),
      options.connectionsMax,
      () => guard.makeRoom(),
    );
  }

  /** Another certificate, or others who vouch for peers; without effect where there is no TLS. */
  setTls(material: TlsMaterial): void {
    this.#gate?.update(material);
  }

  #makePorts(
    checker: Checker,
    options: CheckServerOptions,
    onInternalError: (error: unknown) => void,
  ): CheckCallPorts {
    const unproved = isLocal(this.#address) ? LOCAL : REMOTE;
    const gate = this.#gate?.identifiesPeers ? this.#gate : undefined;
    // A checker neither throws nor rejects; should one do so after all, the answer is no.
    const refuse = (error: unknown): Buffer => {
      onInternalError(error);
      return encodeCheckResponse(INTERNAL, decisionId(Date.now()), 'http');
    };
    const { deadlineMs, deadlineMarginMs } = options;
    return {
      answer(bytes, stream, callerMs) {
        try {
          // The caller's deadline less a margin, or our own.
          const at = callerMs === undefined ? Date.now() + deadlineMs : callerMs - deadlineMarginMs;
          const asker = gate?.askerOf(stream.session?.socket.remoteAddress) ?? unproved;
          const response = checker.check(bytes, asker, at);
          return response instanceof Promise ? response.catch(refuse) : response;
        } catch (error) {
          return refuse(error);
        }
      },
      late() {
        try {
          return checker.refuse(LATE);
        } catch (error) {
          return refuse(error);
        }
      },
      deadlineMarginMs,
      unfinished: new UnfinishedCalls(options),
      inflater: new Inflater(),
    };
  }

  #makeGate({ material, isEnforcer, note }: CheckServerTls, options: CheckServerOptions): TlsGate {
    const { handshakeMs, connectionsMax } = options;
    const shareMax = Math.max(1, connectionsMax >> 2);
    const handshakesMax = Math.min(HANDSHAKES_MAX, shareMax);
    return new TlsGate(
      material,
      { handshakeMs, handshakesMax, shareMax },
      {
        now: Date.now,
        isEnforcer,
        note,
        accept: (socket) => this.#inject(socket),
        sendAway: (name) => {
          const session = this.#sessions().find((it) => it.socket.remoteAddress === name);
          if (session !== undefined) void this.#end(session);
        },
      },
    );
  }

  get connections(): number {
    return this.#listener.connections;
  }

  /** Resolves with the bound address; rejects with one line that says what is in the way. */
  listen(shared: boolean): Promise<Address> {
    return this.#listener.listen(this.#address, shared);
  }

  /** Answers what was accepted, then closes; what takes longer is cut off. */
  async close(drainMs: number): Promise<void> {
    const ended = this.#listener.close();
    this.#gate?.close();
    const timer = setTimeout(() => this.destroy(), drainMs);
    // The clients are told to go; that they are gone only the connections themselves show.
    await Promise.all(this.#sessions().map((session) => this.#end(session)));
    this.#server.tryShutdown(() => undefined);
    await ended;
    clearTimeout(timer);
  }

  async #end(session: ServerHttp2Session): Promise<void> {
    const socket = this.#sockets.get(session);
    if (socket !== undefined) await endConnection(session, socket);
  }

  /** At once: what is open breaks, and its callers see it. */
  destroy(): void {
    this.#gate?.close();
    for (const session of this.#sessions()) session.destroy();
    this.#listener.destroy();
  }

  /**
   * The open connections. Without channelz grpc-js does not find them itself: its `forceShutdown`
   * cuts nothing off then (1.14.7). Its types do not name the field.
   */
  #sessions(): ServerHttp2Session[] {
    return [...this.#http2Servers().values()]
      .flatMap(({ sessions }) => [...sessions])
      .filter(({ destroyed }) => !destroyed);
  }

  /** Puts Check before grpc-js, which answers all else. */
  #takeChecks(server: Http2Server, ports: CheckCallPorts): void {
    const [theirs, ...more] = server.listeners('stream') as HandleStream[];
    if (theirs === undefined || more.length > 0) throw new Error('grpc-js listens in another way');
    server.removeAllListeners('stream');
    const others = reflectOnDemand(this.#server, watchOthers(theirs, ports.unfinished));
    server.on('stream', (stream, headers, ...rest) => {
      if (headers[':path'] === CHECK_PATH) answerCheck(stream, headers, ports);
      else others(stream, headers, ...rest);
    });
  }

  #http2Servers(): ReadonlyMap<Http2Server, { readonly sessions: Set<ServerHttp2Session> }> {
    return (this.#server as unknown as { readonly http2Servers: never }).http2Servers;
  }
}
