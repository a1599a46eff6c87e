// The HTTP port: what a kubelet and Prometheus read.

import assert from 'node:assert/strict';
import { useFolder } from '../support/folder.ts';
import { encodeCall, IDS, WAYS } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';

const REQUESTS = 200;

describe('the HTTP port', () => {
  const folder = useFolder();
  let server: TestServer;
  before(async () => {
    server = await startServer(folder, { config: `threads: {pool: 1}\n${RECORD_FILES}` });
  });
  after(() => server.stop());

  const pages: { name: string; path: string; method?: string; status: number; text?: string }[] = [
    { name: 'says that the process lives', path: '/livez', status: 200, text: 'ok\n' },
    { name: 'says that it can decide', path: '/readyz', status: 200, text: 'ok\n' },
    { name: 'does not mind a query', path: '/readyz?verbose', status: 200, text: 'ok\n' },
    { name: 'answers HEAD', path: '/readyz', method: 'HEAD', status: 200, text: '' },
    { name: 'has nothing else', path: '/', status: 404 },
    { name: 'has no page below its pages', path: '/metrics/x', status: 404 },
    { name: 'takes no POST', path: '/readyz', method: 'POST', status: 405 },
    { name: 'takes no DELETE', path: '/metrics', method: 'DELETE', status: 405 },
  ];
  for (const { name, path, method, status, text } of pages) {
    it(`${name}: ${method ?? 'GET'} ${path}`, async () => {
      const answer = await server.get(path, method);
      assert.equal(answer.status, status);
      if (text !== undefined) assert.equal(answer.text, text);
    });
  }

  it('counts authentication and authorization apart (C-004)', async () => {
    for (const { call } of WAYS) await server.client.check(encodeCall(call));
    await server.client.check(Buffer.from('garbage'));
    const authz: Record<string, number> = { 'outcome="allow",reason=""': 2 };
    for (const { want } of WAYS) {
      if (want !== 'allow') authz[`outcome="deny",reason="${want}"`] = 1;
    }
    authz['outcome="deny",reason="ctx.malformed_request"'] = 1;
    const authn = {
      'result="verified",method="peer_principal"': 7,
      'result="failed",method="peer_principal"': 1,
      'result="failed",method="none"': 1,
      'result="not_evaluated",method="none"': 1,
    };
    const { text } = await server.get('/metrics');
    assert.deepEqual(series(text, 'remit_authz_total'), authz);
    assert.deepEqual(series(text, 'remit_authn_total'), authn);
    assert.equal(series(text, 'remit_check_duration_seconds_count')[''], WAYS.length + 1);
    const buckets = Object.values(series(text, 'remit_check_duration_seconds_bucket'));
    assert.deepEqual(
      buckets,
      [...buckets].sort((a, b) => a - b),
      'a histogram only rises',
    );
    assert.equal(buckets.at(-1), WAYS.length + 1);
  });

  it('shows how many requests the pool had, how many were decided in place, and the records', async () => {
    const names = [
      'remit_in_place_requests_total',
      'remit_pool_requests_total',
      'remit_records_written_total{stream="evidence"}',
      'remit_records_written_total{stream="decisions"}',
      'remit_authz_total{outcome="allow",reason=""}',
    ];
    const before = await Promise.all(names.map((name) => server.metric(name)));
    await Promise.all(
      Array.from({ length: REQUESTS }, () =>
        server.client.check(encodeCall(), { timeoutMs: 30_000 }),
      ),
    );
    const answered = await server.metric('remit_check_duration_seconds_count');
    for (const written of names.slice(2, 4)) {
      await until(async () => (await server.metric(written)) === answered);
    }
    const after = await Promise.all(names.map((name) => server.metric(name)));
    const [inPlace, pooled, , , allowed] = after.map((value, index) => value - before[index]!);
    assert.equal(inPlace! + pooled!, REQUESTS);
    assert.equal(allowed, REQUESTS);
    const batches = await server.metric('remit_pool_batches_total');
    assert.ok(batches <= after[1]! && (after[1] === 0 || batches > 0));
    assert.equal(await server.metric('remit_pool_threads'), 1);
    assert.equal(await server.metric('remit_pool_in_flight'), 0);
    for (const name of ['refused', 'expired', 'workers_lost']) {
      assert.equal(await server.metric(`remit_pool_${name}_total`), 0);
    }
    for (const stream of ['evidence', 'decisions']) {
      assert.equal(await server.metric(`remit_records_dropped_total{stream="${stream}"}`), 0);
      assert.equal(await server.metric(`remit_records_write_errors_total{stream="${stream}"}`), 0);
    }
  });

  it('shows both digests and the version of what is in force (C-004)', async () => {
    const { text } = await server.get('/metrics');
    const [line] = Object.keys(series(text, 'remit_snapshot_info'));
    const serving = server.log.find(({ msg }) => msg === 'serving')!;
    assert.equal(
      line,
      `proof_digest="${serving['proofDigest']}",policy_digest="${serving['policyDigest']}"`,
    );
    assert.equal(await server.metric('remit_snapshot_version{thread="control"}'), 1);
  });

  it('explains every metric, and holds nothing that a caller sent', async () => {
    await server.client.check(encodeCall({ path: '/v1/accounts/secret-in-a-path' }));
    const { text } = await server.get('/metrics');
    const names = new Set(
      [...text.matchAll(/^(remit_\w+?)(?:_bucket|_sum|_count)?[{ ]/gm)].map((it) => it[1]!),
    );
    assert.ok(names.size > 10);
    for (const name of names) assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'));
    assert.ok(!text.includes('secret-in-a-path'));
    assert.ok(!text.includes(IDS.checkout));
  });
});

/** The values of one metric by their labels as they stand in the text; zeros are left out. */
function series(text: string, name: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const match = new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`).exec(line);
    if (match !== null && Number(match[2]) !== 0) found[match[1] ?? ''] = Number(match[2]);
  }
  return found;
}
