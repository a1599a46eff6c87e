// Tracing: one SERVER span for each check, sent to a collector by OTLP over HTTP. Loaded only where
// it is configured. It stands around a checker and looks at what goes in and what comes out, so it
// can change no answer, and it is made of plain data, so each thread that answers has its own.
// (Workers of a pool have none: between batches they sleep, and nothing would be sent.)

import {
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Failure } from '../engine/failure.ts';
import type { Asker } from '../engine/identity/enforcer.ts';
import { reasonClass } from '../engine/reason.ts';
import { scanTraceContext } from '../envoy/trace_scan.ts';
import type { Checker } from '../workers/checker.ts';
import { type Answered, readAnswered } from './answered.ts';
import type { TracingConfig } from './config.ts';

const METHOD = 'envoy.service.auth.v3.Authorization/Check';
/** Some 1 KB each; what does not fit is dropped, and told. A caller can ask for any number. */
const QUEUE_SPANS_MAX = 4096;
const BATCH_SPANS_MAX = 512;
const BATCH_DELAY_MS = 1_000;
const EXPORT_MS_MAX = 5_000;
/** What the end of the process waits for a collector. */
const CLOSE_MS_MAX = 2_000;
/** A dead collector is told of once in this time. */
const TROUBLE_PAUSE_MS = 60_000;

/** OpenTelemetry's conventions for spans of gRPC servers. The RPC itself always succeeds. */
const RPC_ATTRIBUTES = {
  'rpc.system.name': 'grpc',
  'rpc.method': METHOD,
  'rpc.response.status_code': 'OK',
} as const;

/** The checker with a span around each check. Closing it closes both. */
export function traced(
  checker: Checker,
  config: TracingConfig,
  onTrouble: (message: string) => void,
): Checker {
  return new TracedChecker(checker, config, throttled(onTrouble));
}

class TracedChecker implements Checker {
  readonly #checker: Checker;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #onTrouble: (message: string) => void;

  constructor(checker: Checker, config: TracingConfig, onTrouble: (message: string) => void) {
    this.#checker = checker;
    this.#onTrouble = onTrouble;
    this.#provider = providerFor(config);
    this.#tracer = this.#provider.getTracer('remit');
    const silent = (): void => undefined;
    // Of the whole thread: a later one takes the place of this one.
    diag.setLogger(
      { error: onTrouble, warn: onTrouble, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  }

  check(bytes: Buffer, asker: Asker, deadlineMs: number): Buffer | Promise<Buffer> {
    const startMs = Date.now();
    const started = performance.now();
    const answer = this.#checker.check(bytes, asker, deadlineMs);
    const note = (response: Buffer): Buffer => {
      this.#note(bytes, response, startMs, startMs + performance.now() - started);
      return response;
    };
    return answer instanceof Promise ? answer.then(note) : note(answer);
  }

  refuse(failure: Failure): Buffer {
    return this.#checker.refuse(failure);
  }

  canAcceptWork(): boolean {
    return this.#checker.canAcceptWork();
  }

  async close(): Promise<void> {
    await this.#checker.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the collector is late')), CLOSE_MS_MAX);
    });
    try {
      await Promise.race([this.#provider.shutdown(), late]);
    } catch (error) {
      this.#onTrouble(`spans were lost at the end: ${error}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** INVARIANT: nothing that goes wrong here reaches the answer. */
  #note(bytes: Buffer, response: Buffer, startMs: number, endMs: number): void {
    try {
      const options = { kind: SpanKind.SERVER, startTime: startMs, attributes: RPC_ATTRIBUTES };
      const span = this.#tracer.startSpan(METHOD, options, parentOf(bytes));
      if (!span.isRecording()) return;
      const answered = readAnswered(response);
      span.setAttributes(attributesOf(answered));
      if (isFault(answered)) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endMs);
    } catch (error) {
      this.#onTrouble(`a check was not traced: ${error}`);
    }
  }
}

/** Every option that has a default is said here, and none is left to the environment. */
function providerFor({ otlp, sampleRatio }: TracingConfig): TracerProvider {
  const exporter = new OTLPTraceExporter({
    url: otlp,
    timeoutMillis: EXPORT_MS_MAX,
    // At the end all batches of a full queue leave at once; what is above this is refused.
    concurrencyLimit: QUEUE_SPANS_MAX / BATCH_SPANS_MAX + 1,
  });
  return new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'remit' })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_SPANS_MAX,
        maxExportBatchSize: BATCH_SPANS_MAX,
        scheduledDelayMillis: BATCH_DELAY_MS,
        exportTimeoutMillis: EXPORT_MS_MAX,
      }),
    ],
  });
}

/** The caller's span, if the request says one that can be read. */
function parentOf(bytes: Buffer): Context {
  const parent = scanTraceContext(bytes);
  if (parent === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.parentId,
    traceFlags: parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });
}

function attributesOf(answered: Answered): Record<string, string> {
  const { decisionId, outcome, reason } = answered;
  return {
    'remit.decision_id': decisionId,
    'remit.outcome': outcome,
    ...(reason !== undefined && { 'remit.reason': reason }),
    ...(reason !== undefined && isFault(answered) && { 'error.type': reason }),
  };
}

/** A denial is an answer; only a fault of ours is an error. */
function isFault({ reason }: Answered): boolean {
  return reason !== undefined && reasonClass(reason) === 'sys';
}

function throttled(onTrouble: (message: string) => void): (message: string) => void {
  let nextMs = 0;
  return (message) => {
    const now = Date.now();
    if (now < nextMs) return;
    nextMs = now + TROUBLE_PAUSE_MS;
    onTrouble(message);
  };
}
