// A document says where its parts stand although it keeps no syntax tree: the same places as those
// of one that was parsed with its whole file.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import { type Path, readYaml } from '../../engine/bundle/yaml_document.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';

interface Place {
  readonly path: Path;
  readonly key: string | undefined;
  readonly offset: number;
}

/** Of every value, and of every key, in the tree of the whole file. */
function placesOf(node: unknown, path: Path = []): Place[] {
  if (!isNode(node)) return [];
  const places: Place[] = [{ path, key: undefined, offset: node.range?.[0] ?? 0 }];
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      places.push({ path, key: name, offset: key.range?.[0] ?? 0 });
      places.push(...placesOf(value, [...path, name]));
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries())
      places.push(...placesOf(item, [...path, index]));
  }
  return places;
}

function assertSamePlaces(text: string): number {
  const diagnostics = new Diagnostics();
  const documents = [...readYaml('a.yaml', text, diagnostics)];
  assert.deepEqual(diagnostics.list, [], text);
  const lines = new LineCounter();
  const whole = [...parseAllDocuments(text, { lineCounter: lines })].filter(
    (it) => it.toJS() !== null,
  );
  assert.equal(documents.length, whole.length, text);
  let count = 0;
  // From the last to the first, and to and fro: no answer depends on what was asked before.
  for (const [index, document] of [...documents.entries()].reverse()) {
    assert.deepEqual(document.value, whole[index]!.toJS());
    for (const { path, key, offset } of placesOf(whole[index]!.contents)) {
      documents[0]?.at([]).line;
      const { line, column } = key === undefined ? document.at(path) : document.atKey(path, key);
      const { line: wantLine, col } = lines.linePos(offset);
      assert.deepEqual([line, column], [wantLine, col], `${text}\n${path.join('.')} ${key}`);
      count++;
    }
  }
  return count;
}

const DOCUMENTS = [
  'a: 1\nb:\n  - x\n  - {y: 1, "z z": [1, 2]}\n',
  '# before\n\nkey: value # behind\n# after\n',
  'text: |\n  one\n   two\n\nfolded: >-\n  three\n  four\nlast: "a\n  b"\n',
  "quoted: 'it''s'\nempty:\nnext: ~\n",
  'anchor: &a {x: [1]}\nalias: *a\nkept: &b text\nagain: *b\n',
  '? complex\n: value\nlist:\n- a\n-   - b\n    - c\n',
  '{flow: {a: b,\n  c: [d,\n e]}, f: é😀, g: h}\n',
  'tagged: !!str 12\nbinary: !!int "7"\n',
  '- 1\n- a: 2\n  b: 3\n',
  'plain text\n',
];
const BEGINS = ['---\n', '--- # said\n', '...\n---\n', '...\n# between\n---\n', '%YAML 1.2\n---\n'];

describe('the place of a part of a document', () => {
  it('is that of its whole file, whatever stands before and behind', () => {
    let count = 0;
    for (const first of DOCUMENTS) {
      for (const second of DOCUMENTS) {
        for (const begin of BEGINS) {
          const between = begin.startsWith('%') ? `...\n${begin}` : begin;
          count += assertSamePlaces(`${first}${between}${second}---\nend: of it\n`);
        }
      }
    }
    assert.ok(count > 5_000, `${count}`);
  });

  it('is the same with line feeds, carriage returns and a byte order mark', () => {
    const documents = fc.array(fc.constantFrom(...DOCUMENTS), { minLength: 1, maxLength: 5 });
    const property = fc.property(
      documents,
      fc.constantFrom(...BEGINS.slice(0, 4)),
      fc.boolean(),
      fc.boolean(),
      (texts, begin, crlf, mark) => {
        const text = texts.join(begin);
        // This parser takes no list right behind a byte order mark.
        const begun = mark && !text.startsWith('-') ? `\uFEFF${text}` : text;
        assertSamePlaces(crlf ? begun.replaceAll('\n', '\r\n') : begun);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('is that of the nearest part above where there is none', () => {
    const [document] = readYaml('a.yaml', '---\na:\n  b: [c]\n', new Diagnostics());
    const { line, column } = document!.at(['a', 'b', 7, 'x']);
    assert.deepEqual([line, column], [3, 6]);
  });

  it('of directives with handles is found without resolving them again', () => {
    const text = '%TAG ! tag:yaml.org,2002:\n---\na: !str 1\n---\nb: {c: d}\n';
    const [first, second] = readYaml('a.yaml', text, new Diagnostics());
    assert.deepEqual(first?.value, { a: '1' });
    assert.deepEqual([first?.at(['a']).line, second?.at(['b', 'c']).column], [3, 8]);
  });
});
