// Key sets on their way to a thread: packed, opened, held, and in force only when the shared number
// says so. A key that is gone is gone at the next look.

import assert from 'node:assert/strict';
import {
  type KeyImage,
  type KeySetText,
  NO_KEY_IMAGE,
  openKeys,
  packKeys,
} from '../../engine/key_image.ts';
import { isHeld, type KeyParser, type KeySets, NO_KEYS } from '../../engine/key_sets.ts';
import { ActiveNumbers } from '../../workers/active_numbers.ts';
import { KeyHolder, takeAsked } from '../../workers/key_holder.ts';
import { TaskKeys } from '../../workers/task_keys.ts';

const URL = 'https://issuer.example/keys';
const asText: KeyParser = (_, text) => text;

function setOf(text: string, changes: Partial<KeySetText> = {}): KeySetText {
  return {
    kind: 'jwks',
    owner: 'pay/ci',
    origin: URL,
    state: 'fresh',
    sinceMs: 7,
    text,
    ...changes,
  };
}

function keysIn(keys: KeySets): unknown {
  const set = keys.jwks('pay/ci', URL);
  return isHeld(set) ? set.keys : set?.state;
}

describe('an image of key sets', () => {
  it('gives each set back under its name, with its state and digest', () => {
    const sets = [
      setOf('ä "quoted"\n'),
      setOf('PEM', { kind: 'x509_bundle', owner: 'prod.example', origin: '', state: 'stale' }),
      setOf('jwt', { kind: 'jwt_bundle', owner: 'prod.example', origin: '' }),
      setOf('', { owner: 'pay/late', state: 'never', sinceMs: 9 }),
    ];
    const opened = openKeys(packKeys(3, sets), asText);
    assert.equal(opened.version, 3);
    const found = opened.jwks('pay/ci', URL);
    assert.ok(isHeld(found));
    assert.deepEqual([found.keys, found.state, found.sinceMs], ['ä "quoted"\n', 'fresh', 7]);
    assert.match(found.digest, /^sha256:[0-9a-f]{64}$/);
    const bundle = opened.x509Bundle('prod.example');
    assert.deepEqual([bundle?.state, isHeld(bundle) && bundle.keys], ['stale', 'PEM']);
    const jwtBundle = opened.jwtBundle('prod.example');
    assert.equal(isHeld(jwtBundle) && jwtBundle.keys, 'jwt');
    const late = opened.jwks('pay/late', URL);
    assert.deepEqual([late?.state, late?.sinceMs, isHeld(late)], ['never', 9, false]);
  });

  it('finds no set under another URL, another issuer or another kind', () => {
    const opened = openKeys(packKeys(1, [setOf('a')]), asText);
    assert.equal(opened.jwks('pay/ci', 'https://issuer.example/keys/'), undefined);
    assert.equal(opened.jwks('pay/ci', ''), undefined);
    assert.equal(opened.jwks('ci', URL), undefined);
    assert.equal(opened.x509Bundle('pay/ci'), undefined);
    assert.equal(opened.jwks('__proto__', 'constructor'), undefined);
  });

  it('holds no key of a set that has expired, whatever its text', () => {
    const expired = openKeys(packKeys(1, [setOf('a', { state: 'expired' })]), asText);
    assert.equal(keysIn(expired), 'expired');
    assert.equal(isHeld(expired.jwks('pay/ci', URL)), false);
  });

  it('has nothing at version 0', () => {
    assert.deepEqual([NO_KEY_IMAGE.version, NO_KEYS.version], [0, 0]);
    assert.equal(NO_KEYS.jwks('pay/ci', URL), undefined);
    assert.equal(openKeys(NO_KEY_IMAGE, asText).jwks('pay/ci', URL), undefined);
  });

  it('takes no two sets of one name', () =>
    assert.throws(() => packKeys(1, [setOf('a'), setOf('b')]), /stands twice/));

  it('is not opened when one bit of it is another, but for what threads ask', () => {
    const image = packKeys(1, [setOf('a key'), setOf('', { owner: 'x', state: 'never' })]);
    const bytes = new Uint8Array(image.bytes);
    const words = 4 * Int32Array.BYTES_PER_ELEMENT;
    for (let at = words; at < bytes.length; at++) {
      bytes[at]! ^= 1;
      assert.throws(() => openKeys(image, asText), /damaged/);
      bytes[at]! ^= 1;
    }
    bytes.fill(1, words / 2, words);
    assert.equal(keysIn(openKeys(image, asText)), 'a key');
  });
});

describe('the holder of a thread', () => {
  let numbers: ActiveNumbers;
  let holder: KeyHolder;
  let parsed: string[];
  const parse: KeyParser = (_, text) => {
    if (text === 'bad') throw new Error('no key set');
    parsed.push(text);
    return text;
  };
  beforeEach(() => {
    numbers = new ActiveNumbers();
    parsed = [];
    holder = new KeyHolder(NO_KEY_IMAGE, numbers, parse);
  });

  const prepare = async (version: number, ...sets: KeySetText[]): Promise<KeyImage> => {
    const image = packKeys(version, sets);
    await holder.prepare(image);
    return image;
  };

  it('uses what is prepared exactly from the moment on that it is in force', async () => {
    const before = holder.current;
    await prepare(1, setOf('a'));
    assert.equal(holder.current, before);
    assert.ok(holder.isCurrent(before));
    numbers.activateKeys(1);
    assert.ok(!holder.isCurrent(before), 'an answer verified with those may not leave');
    assert.equal(keysIn(holder.current), 'a');
    await prepare(2);
    assert.equal(keysIn(holder.current), 'a');
    numbers.activateKeys(2);
    assert.equal(keysIn(holder.current), undefined, 'the key is gone');
    assert.equal(holder.image.version, 2);
  });

  it('parses a set again only when its text is another', async () => {
    await prepare(1, setOf('a'), setOf('b', { owner: 'pay/b' }));
    numbers.activateKeys(1);
    await prepare(2, setOf('c'), setOf('b', { owner: 'pay/b', state: 'stale', sinceMs: 8 }));
    numbers.activateKeys(2);
    assert.deepEqual(parsed, ['a', 'b', 'c']);
    const set = holder.current.jwks('pay/b', URL);
    assert.deepEqual([set?.state, set?.sinceMs, isHeld(set) && set.keys], ['stale', 8, 'b']);
  });

  it('drops what was prepared and never came into force', async () => {
    await prepare(1, setOf('a'));
    await prepare(2, setOf('b'));
    numbers.activateKeys(2);
    assert.equal(keysIn(holder.current), 'b');
  });

  it('keeps the newest of two that are prepared at a time', async () => {
    const slow = holder.prepare(packKeys(1, [setOf('a')]));
    await Promise.all([prepare(2, setOf('b')), slow]);
    numbers.activateKeys(2);
    assert.equal(keysIn(holder.current), 'b');
  });

  it('refuses what it cannot open, and keeps what it has', async () => {
    await prepare(1, setOf('a'));
    numbers.activateKeys(1);
    await assert.rejects(prepare(2, setOf('bad')), /no key set/);
    assert.equal(keysIn(holder.current), 'a');
    await prepare(3, setOf('c'));
    numbers.activateKeys(3);
    assert.equal(keysIn(holder.current), 'c');
  });

  it('never answers with other keys than those in force', () => {
    numbers.activateKeys(5);
    assert.throws(() => holder.current, /no keys of version 5/);
  });

  it('is asked for a set by any thread any number of times, and told once', async () => {
    const image = await prepare(1, setOf('a'), setOf('b', { owner: 'pay/b' }));
    numbers.activateKeys(1);
    assert.deepEqual(takeAsked(image), []);
    const set = holder.current.jwks('pay/b', URL)!;
    for (let i = 0; i < 1_000; i++) holder.askFor(set);
    assert.deepEqual(takeAsked(image), [1]);
    assert.deepEqual(takeAsked(image), []);
    await prepare(2, setOf('a'));
    numbers.activateKeys(2);
    holder.askFor(set);
    assert.equal(holder.image.version, 2);
    holder.askFor(set);
    assert.deepEqual(takeAsked(holder.image), [], 'a set of a version before is nobody’s any more');
  });
});

describe('the keys of a worker', () => {
  const images = [1, 2, 3].map((version) => packKeys(version, [setOf(`keys ${version}`)]));
  const [first, second, third] = images as [KeyImage, KeyImage, KeyImage];

  it('are those of the batch, prepared or not', () => {
    const keys = new TaskKeys(first, asText);
    keys.use(second);
    assert.equal(keysIn(keys.current), 'keys 2');
    while (!keys.prepare({ prepareKeys: third, inForce: false }));
    keys.use(second);
    assert.equal(keysIn(keys.current), 'keys 2');
    keys.use(third);
    assert.equal(keysIn(keys.current), 'keys 3');
  });

  it('let the ones before go as soon as others are in force', () => {
    const keys = new TaskKeys(first, asText);
    while (!keys.prepare({ prepareKeys: second, inForce: false }));
    assert.equal(keysIn(keys.current), 'keys 1');
    assert.ok(keys.prepare({ prepareKeys: second, inForce: true }));
    assert.equal(keysIn(keys.current), 'keys 2');
  });

  it('can be prepared again after a set that cannot be opened', () => {
    const bad = packKeys(2, [setOf('bad')]);
    const keys = new TaskKeys(first, (_, text) => {
      if (text === 'bad') throw new Error('no key set');
      return text;
    });
    assert.throws(() => {
      while (!keys.prepare({ prepareKeys: bad, inForce: false }));
    }, /no key set/);
    assert.equal(keysIn(keys.current), 'keys 1');
    while (!keys.prepare({ prepareKeys: third, inForce: false }));
    keys.use(third);
    assert.equal(keysIn(keys.current), 'keys 3');
  });
});
