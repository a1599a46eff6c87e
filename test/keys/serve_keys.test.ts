// A running server and its keys: ready when those of each required issuer have come, every thread
// at the same version after each change, and no request that fails because of one.

import assert from 'node:assert/strict';
import type { KeySetText } from '../../engine/key_image.ts';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall } from '../support/mesh.ts';
import { RECORD_FILES, startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/wait.ts';
import { answerWith, type IssuerServer, jwks, sourceOf, startIssuer } from './issuer_server.ts';

const READ = encodeCall();
/** So large that it goes to the pool. */
const LARGE = encodeCall({ headers: { 'x-filler': 'x'.repeat(20_000) } });

describe('a running server', function () {
  this.timeout(60_000);
  const folder = useFolder();
  let server: TestServer;
  let issuer: IssuerServer;
  beforeEach(async () => {
    issuer = await startIssuer();
  });
  afterEach(async () => {
    await server.stop();
    await issuer.close();
  });

  const ready = async (): Promise<number> => (await server.get('/readyz')).status;
  const versionOf = (thread: string): Promise<number> =>
    server.metric(`remit_key_sets_version{thread="${thread}"}`);
  const fetches = (result: string, of = 'pay/ci'): Promise<number> =>
    server.metric(`remit_keys_fetches_total{issuer="${of}",result="${result}"}`);

  it('is ready when the keys of each required issuer are in force, and stays so', async () => {
    issuer.answer = answerWith('<html>', { 'content-type': 'text/html' });
    const optional = sourceOf('http://127.0.0.1:1/keys', { issuerId: 'late', required: false });
    server = await startServer(folder, { keySources: [sourceOf(issuer.url), optional] });
    await until(async () => (await fetches('content_type')) > 0);
    assert.equal(await ready(), 503);
    assert.equal((await server.get('/livez')).status, 200);
    assert.equal((await server.client.check(READ)).result, 'allow', 'it answers all the same');
    issuer.answer = answerWith(jwks('one'));
    await until(async () => (await ready()) === 200);
    assert.equal(await fetches('ok'), 1);
    assert.equal(await server.metric('remit_keys_usable{issuer="pay/ci"}'), 1);
    assert.equal(await server.metric('remit_keys_usable{issuer="late"}'), 0);
    const { text } = await server.get('/metrics');
    assert.match(text, /^remit_keys_age_seconds\{issuer="pay\/ci"\} [0-9.]+$/m);
    assert.doesNotMatch(text, /remit_keys_age_seconds\{issuer="late"\}/);
    await server.running.keys.follow([sourceOf('http://127.0.0.1:1/keys'), optional]);
    assert.equal(await ready(), 200, 'an issuer of a reload denies its own tokens only');
    const warnings = server.log.filter(({ level, issuer: of }) => level === 40 && of === 'pay/ci');
    assert.deepEqual(
      warnings.map(({ result }) => result),
      ['content_type', 'connect'],
    );
  });

  it('is ready at once where no keys come from outside', async () => {
    server = await startServer(folder);
    assert.equal(await ready(), 200);
    assert.equal(await versionOf('control'), await versionOf('acceptor-0'));
  });

  it('has each change on every thread, and answers each request meanwhile', async () => {
    const config = `threads: {acceptors: 2, pool: 2}\nlimits: {deadlineMs: 5000}\n${RECORD_FILES}`;
    server = await startServer(folder, { config });
    let sets: readonly KeySetText[] = [];
    const changed = server.running.keys.add({
      get sets() {
        return sets;
      },
      askFor: () => undefined,
    });
    const clients = Array.from({ length: 8 }, () => new CheckClient(server.address));
    const results = new Map<string, number>();
    let stopping = false;
    const load = clients.map(async (client) => {
      while (!stopping) {
        for (const { result } of await Promise.all(
          [READ, LARGE, READ].map((it) => client.check(it)),
        )) {
          results.set(result, (results.get(result) ?? 0) + 1);
        }
      }
    });
    try {
      for (let round = 1; round <= 20; round++) {
        const name = { kind: 'jwks', owner: 'a', origin: 'u' } as const;
        const text = jwks(...Array.from({ length: 100 }, (_, i) => `${round}-${i}`));
        sets = round % 5 === 0 ? [] : [{ ...name, state: 'fresh', sinceMs: round, text }];
        const before = await versionOf('control');
        changed();
        await until(async () => (await versionOf('control')) > before);
      }
      const last = await versionOf('control');
      for (const thread of ['acceptor-0', 'acceptor-1']) {
        await until(async () => (await versionOf(thread)) === last);
      }
    } finally {
      stopping = true;
      await Promise.all(load);
      for (const client of clients) client.close();
    }
    assert.deepEqual([...results.keys()], ['allow']);
    assert.ok((results.get('allow') ?? 0) > 100);
    assert.equal(server.log.filter(({ level }) => level >= 50).length, 0);
    assert.ok((await server.metric('remit_pool_requests_total')) > 0);
  });

  it('follows a URL that has changed without a moment with neither set', async () => {
    server = await startServer(folder, { keySources: [sourceOf(issuer.url)] });
    await until(async () => (await ready()) === 200);
    const other = await startIssuer();
    try {
      const { keys } = server.running;
      await keys.follow([sourceOf(issuer.url), sourceOf(other.url)]);
      assert.equal(await fetches('ok'), 2);
      assert.equal(issuer.asked.length, 1, 'what stays is not fetched anew');
      await keys.follow([sourceOf(other.url)]);
      assert.equal(other.asked.length, 1);
      assert.equal(await fetches('ok'), 1);
    } finally {
      await other.close();
    }
  });
});
