// All that brings keys, together: from the URLs of issuers to the image that threads are given, and
// from a thread that lacks a key back to the URL.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type KeyImage, NO_KEY_IMAGE, openKeys } from '../../engine/key_image.ts';
import { isHeld } from '../../engine/key_sets.ts';
import { KEY_SETS_MAX } from '../../engine/limits.ts';
import { KeyService } from '../../server/keys/key_service.ts';
import { askFor } from '../../workers/key_holder.ts';
import { until } from '../support/wait.ts';
import { answerWith, type IssuerServer, jwks, sourceOf, startIssuer } from './issuer_server.ts';

describe('the service of keys', () => {
  let issuer: IssuerServer;
  let service: KeyService;
  let image: KeyImage;
  let registry: Registry;
  let becameReady: number;
  beforeEach(async () => {
    issuer = await startIssuer();
    image = NO_KEY_IMAGE;
    registry = new Registry();
    becameReady = 0;
    service = new KeyService({
      async activate(next) {
        image = next;
      },
      onReady: () => becameReady++,
      log: pino({ level: 'silent' }),
      registry,
      versions: () => [],
    });
  });
  afterEach(async () => {
    await service.stop();
    await issuer.close();
  });

  const found = (owner = 'pay/ci', url = issuer.url) =>
    openKeys(image, (_, text) => text).jwks(owner, url);
  const text = (...name: Parameters<typeof found>): unknown => {
    const set = found(...name);
    return isHeld(set) ? set.keys : set?.state;
  };

  it('is ready when what is required is in force, and says so once', async () => {
    const late = sourceOf('http://127.0.0.1:1/', { issuerId: 'late', required: false });
    const tried = service.follow([sourceOf(issuer.url), late]);
    assert.equal(service.ready, false);
    await tried;
    await until(() => service.ready);
    assert.equal(text(), jwks('one'));
    assert.equal(text('late', late.url), 'never');
    await service.follow([]);
    await service.follow([{ ...late, required: true }]);
    assert.ok(service.ready);
    assert.equal(becameReady, 1);
  });

  it('fetches again for a thread that lacks a key, once, and threads get the new set', async () => {
    await service.follow([sourceOf(issuer.url)]);
    await until(() => text() === jwks('one'));
    issuer.answer = answerWith(jwks('one', 'two'));
    for (let i = 0; i < 1_000; i++) askFor(image, found()!);
    await until(() => text() === jwks('one', 'two'));
    assert.equal(issuer.asked.length, 2);
    for (let i = 0; i < 1_000; i++) askFor(image, found()!);
    await sleep(500);
    assert.equal(issuer.asked.length, 2, 'not again within 30 s');
  });

  it('asks of a token nothing but a thread’s word: the URL is that of the issuer', async () => {
    await service.follow([sourceOf(issuer.url)]);
    await until(() => text() === jwks('one'));
    assert.equal(found('pay/ci', 'https://evil.example/keys'), undefined);
    assert.deepEqual(issuer.asked, ['/keys']);
  });

  it('takes the keys of an issuer away with it', async () => {
    const other = sourceOf(`${issuer.url}/other`, { issuerId: 'pay/other' });
    await service.follow([sourceOf(issuer.url), other]);
    await until(() => text('pay/other', other.url) === jwks('one'));
    await service.follow([other]);
    await until(() => found() === undefined);
    assert.equal(text('pay/other', other.url), jwks('one'));
    assert.deepEqual(issuer.asked, ['/keys', '/keys/other'], 'what stays is not fetched anew');
    const metrics = await registry.metrics();
    assert.doesNotMatch(metrics, /issuer="pay\/ci"/);
  });

  it('keeps no keys that the rules of an issuer no longer allow', async () => {
    await service.follow([sourceOf(issuer.url)]);
    await until(() => text() === jwks('one'));
    await service.follow([sourceOf(issuer.url, { allowPrivate: false })]);
    await until(() => text() === 'never');
    const metrics = await registry.metrics();
    assert.match(metrics, /remit_keys_fetches_total\{issuer="pay\/ci",result="address"\} [1-9]/);
    assert.match(metrics, /remit_keys_usable\{issuer="pay\/ci"\} 0/);
  });

  it('follows no more URLs than it can', () =>
    assert.rejects(
      service.follow(
        Array.from({ length: KEY_SETS_MAX + 1 }, (_, i) => sourceOf(`${issuer.url}/${i}`)),
      ),
      /more than 256 key sets/,
    ));
});
