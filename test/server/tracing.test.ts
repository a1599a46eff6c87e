// Tracing: one span a check at a real collector, within the trace that the request names, and
// nothing of it when it is off; what happens to the collector never shows in an answer.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../../engine/failure.ts';
import { traced } from '../../server/tracing.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import { InPlaceChecker } from '../../workers/in_place_checker.ts';
import type { Answered } from '../support/check_response.ts';
import { useFolder } from '../support/folder.ts';
import { type Call, encodeCall, IDS, makeSnapshot } from '../support/mesh.ts';
import { readLines } from '../support/record_files.ts';
import { RECORD_FILES, startServer } from '../support/server.ts';
import { type Collector, startCollector } from './collector.ts';

const ROOT = join(import.meta.dirname, '../..');
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;
const METHOD = 'envoy.service.auth.v3.Authorization/Check';
const SERVER = 2;
const ERROR = 2;
const LARGE = { 'x-filler': 'x'.repeat(20_000) };

describe('tracing', () => {
  const folder = useFolder();
  const collectors: Collector[] = [];
  afterEach(async () => {
    for (const { stop } of collectors.splice(0)) await stop();
  });

  async function collect(answers?: boolean): Promise<Collector> {
    const collector = await startCollector(answers);
    collectors.push(collector);
    return collector;
  }

  /** Asks one after the other and stops, which sends what is left. */
  async function ask(calls: readonly (Call | Buffer)[], tracing: string, pool = 0) {
    const config = `threads: {pool: ${pool}}\n${RECORD_FILES}\n${tracing}`;
    const server = await startServer(folder, { config });
    const answers: Answered[] = [];
    try {
      for (const call of calls) {
        const bytes = Buffer.isBuffer(call) ? call : encodeCall(call);
        answers.push(await server.client.check(bytes, { timeoutMs: 30_000 }));
      }
    } finally {
      await server.stop();
    }
    return { answers, log: server.log };
  }

  const on = ({ url }: Collector, more = '') => `tracing: {otlp: "${url}"${more}}`;
  const call = (traceparent: string, more: Call = {}): Call => ({
    ...more,
    headers: { ...more.headers, traceparent },
  });

  for (const pool of [0, 1]) {
    const where = pool === 0 ? 'in place' : 'on the pool';
    it(`is one span a check, a child of the caller’s: decided ${where}`, async () => {
      const collector = await collect();
      const before = Date.now();
      const headers = pool === 0 ? {} : LARGE;
      const calls = [call(SAMPLED, { headers }), call(SAMPLED, { headers, from: IDS.reporting })];
      const { answers } = await ask(calls, on(collector), pool);
      const rpc = {
        'rpc.system.name': 'grpc',
        'rpc.method': METHOD,
        'rpc.response.status_code': 'OK',
      };
      const spans = collector.spans();
      assert.equal(spans.length, 2);
      for (const span of spans) {
        assert.deepEqual([span.name, span.kind, span.service], [METHOD, SERVER, 'remit']);
        assert.deepEqual([span.traceId, span.parentSpanId, span.status], [TRACE, PARENT, 0]);
        assert.match(span.spanId, /^[0-9a-f]{16}$/);
        assert.ok(span.startMs >= before - 1 && span.endMs >= span.startMs);
        assert.ok(span.endMs <= Date.now() + 1);
      }
      const [allow, deny] = spans;
      assert.deepEqual(allow!.attributes, {
        ...rpc,
        'remit.decision_id': answers[0]!.decisionId,
        'remit.outcome': 'allow',
      });
      assert.deepEqual(deny!.attributes, {
        ...rpc,
        'remit.decision_id': answers[1]!.decisionId,
        'remit.outcome': 'deny',
        'remit.reason': 'authz.no_match',
      });
      const records = readLines(folder.at('decisions.ndjson')).slice(-2);
      assert.deepEqual(
        records.map((record) => record['traceId']),
        [TRACE, TRACE],
      );
    });
  }

  it('begins a trace where the request names none that can be read', async () => {
    const collector = await collect();
    const calls = [{}, call(SAMPLED.toUpperCase()), call(`${SAMPLED},${SAMPLED}`)];
    await ask([...calls, Buffer.from([0xff])], on(collector));
    const spans = collector.spans();
    assert.equal(spans.length, 4);
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 4);
    for (const span of spans) {
      assert.notEqual(span.traceId, TRACE);
      assert.equal(span.parentSpanId ?? '', '');
    }
    assert.equal(spans[3]!.attributes['remit.reason'], 'ctx.malformed_request');
  });

  it('records what the caller’s trace records, and of its own the share that is configured', async () => {
    const collector = await collect();
    const calls = [call(UNSAMPLED), call(SAMPLED), {}, {}, {}];
    await ask(calls, on(collector, ', sampleRatio: 0'));
    assert.deepEqual(
      collector.spans().map(({ traceId }) => traceId),
      [TRACE],
    );
  });

  it('calls a fault of ours an error, and no denial', async () => {
    const collector = await collect();
    const snapshot = makeSnapshot();
    const ports = { now: Date.now, onInternalError: () => undefined };
    const outputs = { record: () => undefined, count: () => undefined };
    const inner = new InPlaceChecker(new Evaluator(snapshot, ports), outputs);
    const failing = {
      check: () => inner.refuse(new Failure('sys.overloaded', 'as a test')),
      refuse: (failure: Failure) => inner.refuse(failure),
      canAcceptWork: () => false,
      close: () => inner.close(),
    };
    const checker = traced(failing, { otlp: collector.url, sampleRatio: 1 }, assert.fail);
    assert.equal(checker.canAcceptWork(), false);
    await checker.check(encodeCall(), { kind: 'local' }, 0);
    await checker.close();
    const [span] = collector.spans();
    assert.equal(span!.status, ERROR);
    assert.equal(span!.attributes['error.type'], 'sys.overloaded');
  });

  it('sends nothing, and loads nothing, by default', async () => {
    // The api alone is there already: prom-client imports it.
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (/opentelemetry.(?!api)|tracing/.test(found.url)) console.log(found.url);
        return found;
      } });
      await import('./cli/main.ts');
      console.log('loaded');
    `;
    const args = ['--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    assert.equal(stdout, 'loaded\n');
    const collector = await collect();
    await ask([call(SAMPLED)], '');
    assert.equal(collector.requests(), 0);
  });
});

describe('tracing with a collector that is', () => {
  const folder = useFolder();

  /** Answers are the same, at once, and the stop is in time. */
  async function answersAll(url: string, turns = 50): Promise<readonly string[]> {
    const config = `threads: {pool: 0}\n${RECORD_FILES}\ntracing: {otlp: "${url}"}`;
    const server = await startServer(folder, { config });
    const bytes = encodeCall(call());
    const startedMs = performance.now();
    // More than the queue holds, and a batch of them is under way meanwhile.
    for (let turn = 0; turn < turns; turn++) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => server.client.check(bytes)),
      );
      assert.ok(answers.every(({ result }) => result === 'allow'));
    }
    const stoppingMs = performance.now();
    await server.stop();
    const stoppedMs = performance.now();
    assert.ok(stoppingMs - startedMs < 20_000, `${stoppingMs - startedMs} ms for the answers`);
    assert.ok(stoppedMs - stoppingMs < 6_000, `${stoppedMs - stoppingMs} ms to stop`);
    return server.log.map(({ msg }) => msg).filter((msg) => msg.startsWith('tracing: '));
  }
  const call = (): Call => ({ headers: { traceparent: SAMPLED } });

  it('alive gets every span that was in the queue at the end', async () => {
    const collector = await startCollector();
    try {
      assert.deepEqual(await answersAll(collector.url, 30), []);
      assert.equal(collector.spans().length, 3000);
    } finally {
      await collector.stop();
    }
  });

  it('dead changes no answer, and is told of once', async () => {
    const collector = await startCollector();
    await collector.stop();
    const told = await answersAll(collector.url);
    assert.equal(told.length, 1, told.join('\n'));
  });

  it('silent changes no answer, and is told of once', async () => {
    const collector = await startCollector(false);
    try {
      const told = await answersAll(collector.url);
      assert.equal(told.length, 1, told.join('\n'));
    } finally {
      await collector.stop();
    }
  });
});
