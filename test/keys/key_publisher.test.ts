// The publisher of key sets: one version at a time, what changes meanwhile together with the next,
// and tried again where a thread could not take it.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type KeyImage, type KeySetText, openKeys } from '../../engine/key_image.ts';
import { isHeld, type KeySet } from '../../engine/key_sets.ts';
import { type KeyProvider, KeyPublisher } from '../../server/keys/key_publisher.ts';
import { askFor } from '../../workers/key_holder.ts';
import { until } from '../support/wait.ts';

class Provider implements KeyProvider {
  readonly asked: string[] = [];
  #sets = new Map<string, KeySetText>();

  set(owner: string, text: string): void {
    const state = text === '' ? 'never' : 'fresh';
    this.#sets.set(owner, { kind: 'jwks', owner, origin: 'u', state, sinceMs: 0, text });
  }

  drop(owner: string): void {
    this.#sets.delete(owner);
  }

  get sets(): readonly KeySetText[] {
    return [...this.#sets.values()];
  }

  askFor({ owner }: { readonly owner: string }): void {
    this.asked.push(owner);
  }
}

describe('the publisher of key sets', () => {
  let published: KeyImage[];
  let told: number;
  let errors: number;
  let activate: (image: KeyImage) => Promise<void>;
  let publisher: KeyPublisher;
  let provider: Provider;
  beforeEach(() => {
    [published, told, errors] = [[], 0, 0];
    activate = () => Promise.resolve();
    provider = new Provider();
    publisher = new KeyPublisher({
      async activate(image) {
        await activate(image);
        published.push(image);
      },
      onPublished: () => told++,
      log: pino({ level: 'error' }, { write: () => void errors++ }),
    });
  });
  afterEach(() => publisher.stop());

  const textOf = (image: KeyImage | undefined, owner: string): unknown => {
    const set = image && openKeys(image, (_, text) => text).jwks(owner, 'u');
    return isHeld(set) ? set.keys : set?.state;
  };

  it('publishes what a provider has, and each change of it', async () => {
    provider.set('a', 'one');
    publisher.add(provider);
    await until(() => told === 1);
    assert.equal(textOf(published[0], 'a'), 'one');
    provider.set('a', 'two');
    publisher.changed();
    await until(() => told === 2);
    assert.equal(textOf(published[1], 'a'), 'two');
    provider.drop('a');
    publisher.changed();
    await until(() => told === 3);
    assert.equal(textOf(published[2], 'a'), undefined);
    assert.deepEqual(
      published.map(({ version }) => version),
      [1, 2, 3],
    );
    assert.equal(publisher.version, 3);
  });

  it('puts what changes at about the same time into one version', async () => {
    publisher.add(provider);
    for (let i = 0; i < 100; i++) {
      provider.set(`${i}`, 'x');
      publisher.changed();
    }
    await until(() => told === 1);
    assert.equal(publisher.sets.length, 100);
    await sleep(50);
    assert.equal(published.length, 1);
  });

  it('puts what changes while one is on its way into the next', async () => {
    let letGo = (): void => undefined;
    activate = () => new Promise((resolve) => (letGo = resolve));
    provider.set('a', 'one');
    publisher.add(provider);
    await sleep(60);
    for (let i = 0; i < 10; i++) {
      provider.set('a', `changed ${i}`);
      publisher.changed();
      await sleep(5);
    }
    assert.equal(published.length, 0);
    activate = () => Promise.resolve();
    letGo();
    await until(() => told === 2);
    assert.equal(textOf(published[0], 'a'), 'one');
    assert.equal(textOf(published[1], 'a'), 'changed 9');
  });

  it('publishes nothing when nothing is another', async () => {
    provider.set('a', 'one');
    publisher.add(provider);
    await until(() => told === 1);
    publisher.changed();
    await sleep(60);
    assert.equal(published.length, 1);
    provider.set('a', 'two');
    publisher.changed();
    await until(() => told === 2);
  });

  it('tries again under another number, with what there is then, and says so', async () => {
    const versions: number[] = [];
    activate = ({ version }) => {
      versions.push(version);
      if (versions.length < 3) return Promise.reject(new Error('an acceptor is being replaced'));
      return Promise.resolve();
    };
    provider.set('a', 'one');
    publisher.add(provider);
    await until(() => errors === 1);
    assert.equal(publisher.version, 0, 'nothing has changed');
    provider.set('a', 'two');
    await until(() => told === 1);
    assert.deepEqual(versions, [1, 2, 3]);
    assert.deepEqual([publisher.version, errors], [3, 2]);
    assert.equal(textOf(published[0], 'a'), 'two');
  });

  it('passes on, once, what threads ask for', async () => {
    provider.set('a', 'one');
    provider.set('b', '');
    publisher.add(provider);
    await until(() => told === 1);
    const [image] = published as [KeyImage];
    const set = openKeys(image, (_, text) => text).jwks('b', 'u') as KeySet;
    for (let i = 0; i < 10_000; i++) askFor(image, set);
    await until(() => provider.asked.length > 0);
    assert.deepEqual(provider.asked, ['b']);
  });

  it('takes the first of two sets of one name', async () => {
    const other = new Provider();
    provider.set('a', 'one');
    other.set('a', 'other');
    publisher.add(provider);
    publisher.add(other);
    await until(() => told === 1);
    assert.equal(textOf(published[0], 'a'), 'one');
  });

  it('ends, and does nothing after that', async () => {
    provider.set('a', 'one');
    publisher.add(provider);
    await publisher.stop();
    publisher.changed();
    await sleep(50);
    assert.equal(published.length, 0);
  });
});
