// Bundles beyond any reason are refused at once, and bundles of nothing but mistakes fill no
// memory; large ones that are meant cost a small multiple of their text.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { readYaml } from '../../engine/bundle/yaml_document.ts';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { DIAGNOSTICS_MAX, DOCUMENTS_MAX, MiB } from '../../engine/limits.ts';
import { loadBundle } from '../../server/load_bundle.ts';
import { useFolder } from '../support/folder.ts';

const run = promisify(execFile);

/** Milliseconds of processor time: others use the machine too. */
function cpuOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function told(diagnostics: Diagnostics): string[] {
  return diagnostics.list.map(formatDiagnostic);
}

describe('a bundle that is too large', () => {
  const folder = useFolder();

  it('of 200 MB in one file is refused unread', () => {
    writeFileSync(folder.at('one.yaml'), '');
    truncateSync(folder.at('one.yaml'), 200_000_000);
    const diagnostics = new Diagnostics();
    const files = loadBundle(folder.at('one.yaml'), diagnostics);
    assert.equal(files.length, 0);
    assert.match(
      told(diagnostics)[0]!,
      /one\.yaml:1:1: error: the file is too large; expected 16 MiB at most$/,
    );
  });

  it('of 200 MB in many files is refused at the file that is too much, and no other is read', () => {
    const diagnostics = new Diagnostics();
    const many = folder.at('many');
    mkdirSync(many);
    for (let n = 10; n < 35; n++) {
      writeFileSync(`${many}/${n}.yaml`, '');
      truncateSync(`${many}/${n}.yaml`, 8 * MiB);
    }
    const files = loadBundle(many, diagnostics);
    assert.equal(files.length, 8);
    assert.equal(diagnostics.list.length, 1);
    assert.match(
      told(diagnostics)[0]!,
      /18\.yaml:1:1: error: the bundle is too large; expected 64 MiB and 250,000 files together$/,
    );
  });

  it('as text is refused before the first document is parsed', () => {
    const diagnostics = new Diagnostics();
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, text: '{'.repeat(15 * MiB) }));
    const ms = cpuOf(() => parseBundle(files, diagnostics));
    assert.deepEqual(told(diagnostics), [
      'e:1:1: error: the bundle is too large; expected 16 MiB a file and 64 MiB together',
    ]);
    assert.ok(ms < 2_000, `${ms} ms`);
  });

  for (const [name, document, want] of [
    ['---', '---\na: b\n', 'a.yaml:500001:1'],
    ['...', 'a\n...\n', 'a.yaml:1:1'],
  ] as const) {
    it(`of a million documents, with ${name} between them, is refused`, () => {
      const diagnostics = new Diagnostics();
      const files = [{ name: 'a.yaml', text: document.repeat(1_000_000) }];
      const ms = cpuOf(() => parseBundle(files, diagnostics));
      const all = told(diagnostics);
      if (name === '---') {
        assert.deepEqual(all, [
          `${want}: error: the bundle has too many documents; expected 250,000 at most`,
        ]);
        assert.ok(ms < 2_000, `${ms} ms`);
      } else {
        // The first mistakes are told, and with them the reading ends.
        assert.equal(all.length, DIAGNOSTICS_MAX);
        assert.ok(all[0]!.startsWith(want));
      }
    });
  }

  it('but for its last document is read', () => {
    const diagnostics = new Diagnostics();
    parseBundle([{ name: 'a.yaml', text: '---\n'.repeat(DOCUMENTS_MAX) }], diagnostics);
    assert.deepEqual(told(diagnostics), []);
  });
});

describe('mistakes', () => {
  it('beyond those that are told are counted, and nothing more is parsed', () => {
    const diagnostics = new Diagnostics();
    const text = 'kind: Polcy\n---\n'.repeat(100_000);
    const ms = cpuOf(() => parseBundle([{ name: 'a.yaml', text }], diagnostics));
    assert.equal(diagnostics.list.length, DIAGNOSTICS_MAX);
    assert.ok(ms < 5_000, `${ms} ms`);
  });

  it('within one document are counted', () => {
    const diagnostics = new Diagnostics();
    const rules = '{id: 1}, '.repeat(500);
    const text = `kind: Policy\nmetadata: {name: p, namespace: n}\nspec: {rules: [${rules}]}`;
    parseBundle([{ name: 'a.yaml', text }], diagnostics);
    assert.equal(diagnostics.list.length, DIAGNOSTICS_MAX);
    assert.ok(diagnostics.omitted >= 300, `${diagnostics.omitted}`);
  });

  it('that are warnings hide no error', () => {
    const diagnostics = new Diagnostics();
    const at = { file: 'a', line: 1, column: 1 };
    for (let n = 0; n < 1_000; n++) diagnostics.warning(at, 'is odd');
    assert.equal(diagnostics.hasErrors, false);
    diagnostics.error(at, 'is wrong');
    assert.equal(diagnostics.hasErrors, true);
    assert.equal(diagnostics.list.at(-1)?.message, 'is wrong');
    assert.equal(diagnostics.omitted, 1_000 - DIAGNOSTICS_MAX);
  });
});

describe('a map of very many keys', () => {
  it('is read in time that grows with its size', () => {
    const text = Array.from({ length: 200_000 }, (_, n) => `k${n}: v`).join('\n');
    let count = 0;
    const ms = cpuOf(() => {
      for (const { value } of readYaml('a.yaml', text, new Diagnostics())) {
        count = Object.keys(value as object).length;
      }
    });
    assert.equal(count, 200_000);
    assert.ok(ms < 20_000, `${ms} ms`);
  });

  it('is still refused with a key that stands twice', () => {
    const diagnostics = new Diagnostics();
    assert.deepEqual([...readYaml('a.yaml', 'a: 1\nb: 2\n"a": 3\n', diagnostics)], []);
    assert.deepEqual(told(diagnostics), ['a.yaml:3:1: error: map keys must be unique']);
  });
});

describe('documents that were checked', () => {
  it('keep no syntax tree: 20,000 rules are held in 96 MiB', async () => {
    const bundle = new URL('../../engine/bundle/parse_bundle.ts', import.meta.url).href;
    const diagnostic = new URL('../../engine/diagnostic.ts', import.meta.url).href;
    const script = `
      import { parseBundle } from '${bundle}';
      import { Diagnostics } from '${diagnostic}';
      const rule = (n) => '{id: r' + n + ', effect: permit, to: {services: [s]}, ' +
        'from: {principals: [spiffe://a.example/ns/n/sa/s' + n + ']}}';
      const policy = (n) => 'kind: Policy\\nmetadata: {name: p' + n + ', namespace: n}\\n' +
        'spec: {rules: [' + rule(n) + ']}\\n---\\n';
      const text = Array.from({ length: 20_000 }, (_, n) => policy(n)).join('');
      const { policies } = parseBundle([{ name: 'a.yaml', text }], new Diagnostics());
      const { line, column } = policies[19_999].at(['spec', 'rules', 0, 'effect']);
      console.log(policies.length, line, column);`;
    const { stdout } = await run(process.execPath, [
      '--max-old-space-size=96',
      '--input-type=module',
      '--eval',
      script,
    ]);
    assert.equal(stdout, '20000 79999 37\n');
  });
});
