// The parts of an image: strings, postings and sections in shared memory answer as a Map would,
// whatever is asked for.

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { PostingTable, PostingTableBuilder } from '../../engine/image/posting_table.ts';
import { Sections, writeSections } from '../../engine/image/sections.ts';
import {
  StringTable,
  StringTableBuilder,
  slotCount,
  TextColumn,
  textColumn,
} from '../../engine/image/string_table.ts';

function tableOf(texts: Iterable<string>): StringTable {
  const builder = new StringTableBuilder();
  for (const text of texts) builder.add(text);
  return new StringTable(builder.parts());
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 12 });

describe('a table of strings', () => {
  it('numbers each text once, in the order in which they come', () => {
    const builder = new StringTableBuilder();
    const numbers = ['a', 'b', 'a', '', 'ä', 'b'].map((text) => builder.add(text));
    assert.deepEqual(numbers, [0, 1, 0, 2, 3, 1]);
    assert.equal(builder.size, 4);
  });

  it('finds what a Map finds, and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 60 }), fc.array(anyText), (texts, asked) => {
        const table = tableOf(texts);
        const map = new Map(texts.map((text, index) => [text, index]));
        for (const text of [...texts, ...asked])
          assert.equal(table.find(text), map.get(text) ?? -1);
        for (const [text, number] of map) assert.equal(table.textOf(number), text);
      }),
      { numRuns: 300 },
    );
  });

  it('is empty, and every search in it ends', () => {
    for (const text of ['', 'a', '\u0000', 'x'.repeat(10_000)]) {
      assert.equal(tableOf([]).find(text), -1);
    }
  });

  it('tells texts apart that end, begin or are written alike', () => {
    const texts = ['a', 'a ', ' a', 'A', 'á', 'a\u0301', 'а', '\u{1f600}', '\ufffd', 'a\u0000'];
    const table = tableOf(texts);
    assert.deepEqual(
      texts.map((text) => table.find(text)),
      texts.map((_, index) => index),
    );
  });

  it('of 100,000 texts finds each, and ends for as many that are not there', () => {
    const count = 100_000;
    const table = tableOf(
      Array.from({ length: count }, (_, index) => `p:spiffe://a/ns/n/sa/${index}`),
    );
    const started = performance.now();
    for (let index = 0; index < count; index++) {
      assert.equal(table.find(`p:spiffe://a/ns/n/sa/${index}`), index);
      assert.equal(table.find(`p:spiffe://a/ns/n/sa/-${index}`), -1);
    }
    assert.ok(performance.now() - started < 5000);
  });

  it('stays at most half full, so that a search passes an empty slot soon', () => {
    for (const entries of [0, 1, 2, 3, 4, 100, 65_535, 65_536, 65_537]) {
      const slots = slotCount(entries);
      assert.ok(slots >= 2 * entries && Number.isInteger(Math.log2(slots)), `${entries}`);
    }
  });

  it('finds texts whose hashes are the same, each by itself', () => {
    const [one, other] = sameHash();
    assert.deepEqual([tableOf([one]).find(other), tableOf([other]).find(one)], [-1, -1]);
    const both = tableOf([one, other]);
    assert.deepEqual([both.find(one), both.find(other)], [0, 1]);
  });
});

/** Two texts with one hash, as the slots of a large table show it. */
function sameHash(): [string, string] {
  const builder = new StringTableBuilder();
  const texts = Array.from({ length: 300_000 }, (_, index) => hash('md5', `${index}`));
  for (const text of texts) builder.add(text);
  const { slots } = builder.parts();
  const seen = new Map<number, number>();
  for (let slot = 0; slot < slots.length; slot += 2) {
    const [code, entry] = [slots[slot]!, slots[slot + 1]!];
    if (entry === 0) continue;
    const first = seen.get(code);
    if (first !== undefined) return [texts[first - 1]!, texts[entry - 1]!];
    seen.set(code, entry);
  }
  throw new Error('no two hashes are the same');
}

describe('a column of texts', () => {
  it('gives each text back, whatever script it is in', () => {
    fc.assert(
      fc.property(fc.array(anyText), (texts) => {
        const { offsets, bytes } = textColumn(texts);
        const column = new TextColumn(offsets, bytes);
        assert.equal(column.length, texts.length);
        assert.deepEqual(
          texts.map((_, index) => column.at(index)),
          texts,
        );
      }),
    );
  });
});

const anyNumber = fc.nat({ max: 6 });
const anyPosting = fc.tuple(anyNumber, anyNumber, anyNumber, fc.nat({ max: 20 }));

describe('a table of postings', () => {
  it('finds what a Map of lists finds', () => {
    fc.assert(
      fc.property(fc.array(anyPosting, { maxLength: 80 }), (postings) => {
        const builder = new PostingTableBuilder();
        const map = new Map<string, number[]>();
        // Lists are filled in rising order.
        for (const [a, b, c, posting] of postings.toSorted((x, y) => x[3] - y[3])) {
          builder.add(a, b, c, posting);
          const key = `${a},${b},${c}`;
          map.set(key, [...new Set([...(map.get(key) ?? []), posting])]);
        }
        const table = new PostingTable(builder.parts());
        for (let key = 0; key < 343; key++) {
          const [a, b, c] = [Math.floor(key / 49), Math.floor(key / 7) % 7, key % 7];
          assert.deepEqual([...table.find(a, b, c)], map.get(`${a},${b},${c}`) ?? []);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is empty, and every search in it ends', () => {
    const table = new PostingTable(new PostingTableBuilder().parts());
    assert.deepEqual([...table.find(0, 0, 0)], []);
    assert.deepEqual([...table.find(0xffff_ffff, 1, 2)], []);
  });

  it('tells the order of its three numbers apart', () => {
    const builder = new PostingTableBuilder();
    builder.add(1, 2, 3, 7);
    const table = new PostingTable(builder.parts());
    assert.deepEqual([...table.find(1, 2, 3)], [7]);
    for (const [a, b, c] of [
      [3, 2, 1],
      [2, 1, 3],
      [1, 3, 2],
      [1, 2, 0],
    ] as const) {
      assert.deepEqual([...table.find(a, b, c)], []);
    }
  });

  it('of 100,000 keys finds each, and ends for as many that are not there', () => {
    const builder = new PostingTableBuilder();
    for (let key = 0; key < 100_000; key++) builder.add(key, key % 7, 1, key);
    const table = new PostingTable(builder.parts());
    const started = performance.now();
    for (let key = 0; key < 100_000; key++) {
      assert.equal(table.find(key, key % 7, 1)[0], key);
      assert.equal(table.find(key, key % 7, 2).length, 0);
    }
    assert.ok(performance.now() - started < 5000);
  });
});

describe('the sections of an image', () => {
  it('are read where they are, whatever their lengths', () => {
    const anySection = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint32Array({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), anySection), (written) => {
        const entries = new Map(Object.entries(written));
        const sections = new Sections(writeSections(entries));
        for (const [name, section] of entries) {
          const words = section instanceof Uint32Array;
          const read = words ? sections.words(name) : sections.bytes(name);
          assert.deepEqual([...read], [...section]);
          assert.ok(read.buffer instanceof SharedArrayBuffer);
        }
      }),
    );
  });

  it('are missing by name', () => {
    const sections = new Sections(writeSections(new Map([['a', new Uint8Array([1])]])));
    assert.throws(() => sections.bytes('b'), /no section `b`/);
  });
});
