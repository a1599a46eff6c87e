// Fetching a key set from a real server on loopback, that does what servers of keys should not do:
// always one result, within the time, and nothing of it is taken.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { FETCH_BYTES_MAX, fetchKeys, maxAgeMs } from '../../server/keys/fetch_keys.ts';
import type { FetchResult } from '../../server/keys/fetch_result.ts';
import type { JwksSource } from '../../server/keys/jwks_source.ts';
import { systemResolve } from '../../server/keys/key_connection.ts';
import { secret } from '../support/secret.ts';
import {
  type Answer,
  answerWith,
  type IssuerServer,
  jwks,
  sourceOf,
  startIssuer,
} from './issuer_server.ts';

const SET = jwks('one', 'two');
const resolve = systemResolve;

async function resultOf(source: JwksSource, msMax = 2_000): Promise<FetchResult> {
  return (await fetchKeys(source, { resolve, msMax })).result;
}

describe('fetching a key set', () => {
  let issuer: IssuerServer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  it('gives the text and what the server says of its age', async () => {
    issuer.answer = answerWith(SET, { 'cache-control': 'public, max-age=600' });
    const fetched = await fetchKeys(sourceOf(issuer.url), { resolve });
    assert.deepEqual(fetched, { result: 'ok', text: SET, maxAgeMs: 600_000 });
  });

  it('asks with GET for JSON as it is, and keeps the query', async () => {
    let seen: unknown;
    issuer.answer = (request, response) => {
      const { method, url, headers } = request;
      seen = [method, url, headers.accept, headers['accept-encoding'], headers.host];
      answerWith(SET)(request, response);
    };
    assert.equal(await resultOf(sourceOf(`${issuer.url}?tenant=1`)), 'ok');
    const accept = 'application/json, application/jwk-set+json';
    const host = `127.0.0.1:${issuer.port}`;
    assert.deepEqual(seen, ['GET', '/keys?tenant=1', accept, 'identity', host]);
  });

  const large = 'a'.repeat(FETCH_BYTES_MAX + 1);
  const drip: Answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(timer));
  };
  const html = answerWith('<html>Sign in</html>', { 'content-type': 'text/html' });
  const cases: [name: string, answer: Answer, want: FetchResult][] = [
    ['HTML', html, 'content_type'],
    ['JSON that is called text', answerWith(SET, { 'content-type': 'text/plain' }), 'content_type'],
    ['no content type', answerWith(SET, { 'content-type': '' }), 'content_type'],
    ['a JWT type', answerWith(SET, { 'content-type': 'application/jwt' }), 'content_type'],
    ['a JWK set type', answerWith(SET, { 'content-type': 'application/jwk-set+json' }), 'ok'],
    ['a charset', answerWith(SET, { 'content-type': 'Application/JSON; charset=utf-8' }), 'ok'],
    ['500', answerWith(SET, {}, 500), 'status'],
    ['404', answerWith(SET, {}, 404), 'status'],
    ['204', answerWith('', {}, 204), 'status'],
    ['206', answerWith(SET, {}, 206), 'status'],
    ['304 to a request without condition', answerWith('', {}, 304), 'status'],
    ['401', answerWith(SET, { 'www-authenticate': 'Basic' }, 401), 'status'],
    ['exactly 1 MiB', answerWith(large.slice(1)), 'ok'],
    [
      'one byte more, announced',
      answerWith(large, { 'content-length': `${large.length}` }),
      'too_large',
    ],
    [
      '2 MiB, in chunks',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(large);
        response.end(large);
      },
      'too_large',
    ],
    [
      'what has no end',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = (): void => {
          while (!response.destroyed && response.write(large));
          response.once('drain', more);
        };
        more();
      },
      'too_large',
    ],
    ['gzip', answerWith(gzipSync(SET), { 'content-encoding': 'gzip' }), 'encoding'],
    ['bytes that are no UTF-8', answerWith(Buffer.from([0x7b, 0xff, 0x7d])), 'invalid'],
    ['no answer at all', () => undefined, 'timeout'],
    ['a byte now and then', drip, 'timeout'],
    [
      'an answer that ends early',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write(SET);
        setTimeout(() => response.destroy(), 20);
      },
      'broken',
    ],
    ['an end without answer', (request) => void request.socket.destroy(), 'broken'],
    ['headers of 64 KiB', answerWith(SET, { 'x-filler': 'x'.repeat(65_536) }), 'broken'],
    [
      'a redirect to itself for ever',
      (request, response) => {
        response.writeHead(302, { location: request.url }).end();
      },
      'redirect',
    ],
    ['a redirect to nowhere', answerWith('', {}, 302), 'redirect'],
    ['a redirect to no URL', answerWith('', { location: 'http://' }, 302), 'redirect'],
    [
      'a redirect to another host',
      answerWith('', { location: 'https://evil.example/' }, 301),
      'redirect',
    ],
    [
      'a redirect to another host without scheme',
      answerWith('', { location: '//evil.example/' }, 307),
      'redirect',
    ],
    [
      'a redirect with a password',
      (_, response) => {
        response.writeHead(302, { location: `http://a:b@127.0.0.1:${issuer.port}/other` }).end();
      },
      'redirect',
    ],
    [
      'a redirect to another port',
      answerWith('', { location: 'http://127.0.0.1:1/' }, 308),
      'redirect',
    ],
    ['a redirect to a file', answerWith('', { location: 'file:///etc/passwd' }, 302), 'redirect'],
    [
      'a redirect within the server',
      (request, response) => {
        if (request.url === '/other') answerWith(SET)(request, response);
        else response.writeHead(302, { location: '/other' }).end();
      },
      'ok',
    ],
  ];
  for (const [name, answer, want] of cases) {
    it(`ends with ${want}: ${name}`, async () => {
      issuer.answer = answer;
      const before = performance.now();
      assert.equal(await resultOf(sourceOf(issuer.url), want === 'timeout' ? 400 : 5_000), want);
      if (want === 'timeout') assert.ok(performance.now() - before < 1_500);
    });
  }

  it('ends after 5 s where a byte comes each second', async function () {
    this.timeout(10_000);
    issuer.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 1_000);
      response.once('close', () => clearInterval(timer));
    };
    const before = performance.now();
    const { result } = await fetchKeys(sourceOf(issuer.url), { resolve });
    const tookMs = performance.now() - before;
    assert.equal(result, 'timeout');
    assert.ok(tookMs > 4_900 && tookMs < 6_500, `${tookMs} ms`);
  });

  it('says nothing of the answer and of the query where it fails', async () => {
    for (const [, answer, want] of cases) {
      if (want === 'ok' || want === 'timeout') continue;
      issuer.answer = answer;
      const url = `${issuer.url}?secret=${secret('s3cret')}`;
      const fetched = await fetchKeys(sourceOf(url), { resolve, msMax: 1_000 });
      assert.doesNotMatch(JSON.stringify(fetched), /s3cret|Sign in|evil|xxx/);
    }
  });

  it('ends at once when it is given up', async () => {
    issuer.answer = () => undefined;
    const abort = new AbortController();
    const fetching = fetchKeys(sourceOf(issuer.url), { resolve, signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    assert.equal((await fetching).result, 'timeout');
  });

  it('uses no proxy that the environment names', async () => {
    const before = { ...process.env };
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    for (const name of names) process.env[name] = name.startsWith('NODE') ? '1' : 'http://[::1]:1';
    try {
      issuer.answer = answerWith(SET);
      assert.equal(await resultOf(sourceOf(issuer.url)), 'ok');
    } finally {
      process.env = before;
    }
  });
});

describe('the age that a server allows its keys', () => {
  const cases: [header: string | undefined, want: number | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['public', undefined],
    ['max-age=300', 300_000],
    ['public, Max-Age="300"', 300_000],
    ['max-age=300, max-age=60', 60_000],
    ['max-age=0', 0],
    ['no-store', 0],
    ['no-cache, max-age=600', 0],
    ['no-cache="set-cookie", max-age=600', 0],
    ['max-age=-1', undefined],
    ['max-age=1e9', undefined],
    ['max-age=9999999999999', undefined],
    ['s-maxage=10', undefined],
    ['x-max-age=10', undefined],
  ];
  for (const [header, want] of cases) {
    it(`is ${want} ms: \`${header}\``, () => assert.equal(maxAgeMs(header), want));
  }
});
