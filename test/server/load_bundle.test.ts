// A policy folder as it is read: everything that is YAML, in an order of its own.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { relative } from 'node:path';
import { Diagnostics, formatDiagnostic } from '../../engine/diagnostic.ts';
import { loadBundle } from '../../server/load_bundle.ts';
import { useFolder } from '../support/folder.ts';

const MiB = 1024 * 1024;

describe('a policy folder', () => {
  const folder = useFolder();

  function load(name: string): { texts: string[]; told: string[] } {
    const diagnostics = new Diagnostics();
    const files = loadBundle(folder.at(name), diagnostics);
    return {
      texts: files.map(({ text }) => text),
      told: diagnostics.list.map(formatDiagnostic),
    };
  }

  function makeFolder(name: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(folder.at(name), { recursive: true });
    for (const [file, text] of Object.entries(files)) folder.write(`${name}/${file}`, text);
  }

  it('is read recursively, in the order of names', () => {
    makeFolder('tree/b/c', { 'z.YAML': '3', 'a.yml': '2' });
    makeFolder('tree', { 'a.yaml': '1', 'd.yaml': '4' });
    assert.deepEqual(load('tree'), { texts: ['1', '2', '3', '4'], told: [] });
  });

  it('leaves out what is no YAML, and what begins with a dot', () => {
    makeFolder('mixed/.git', { 'config.yaml': 'no' });
    makeFolder('mixed', { 'a.yaml': 'yes', 'a.yaml~': 'no', 'README.md': 'no', '.b.yaml': 'no' });
    assert.deepEqual(load('mixed'), { texts: ['yes'], told: [] });
  });

  it('may be a single file of any name', () => {
    folder.write('policies.txt', 'one');
    assert.deepEqual(load('policies.txt'), { texts: ['one'], told: [] });
  });

  it('may be projected by Kubernetes, where each file is a link to a hidden one', () => {
    makeFolder('projected/..2026_12_01', { 'a.yaml': 'linked' });
    symlinkSync('..2026_12_01', folder.at('projected/..data'));
    symlinkSync('..data/a.yaml', folder.at('projected/a.yaml'));
    assert.deepEqual(load('projected'), { texts: ['linked'], told: [] });
  });

  it('may be empty', () => {
    makeFolder('empty', {});
    assert.deepEqual(load('empty'), { texts: [], told: [] });
  });

  it('is told when it is not there', () => {
    const { texts, told } = load('nowhere');
    assert.deepEqual(texts, []);
    const name = relative(process.cwd(), folder.at('nowhere'));
    assert.equal(told.length, 1);
    assert.ok(told[0]!.startsWith(`${name}:1:1: error: cannot be read: ENOENT`), told[0]);
  });

  it('tells each file that cannot be read, and reads the others', () => {
    makeFolder('links', { 'b.yaml': 'b' });
    symlinkSync('nowhere', folder.at('links/a.yaml'));
    symlinkSync('nowhere', folder.at('links/c.yaml'));
    const { texts, told } = load('links');
    assert.deepEqual(texts, ['b']);
    assert.equal(told.length, 2);
  });

  it('that contains itself ends', () => {
    makeFolder('loop', { 'a.yaml': 'a' });
    symlinkSync('.', folder.at('loop/again'));
    const { told } = load('loop');
    assert.match(told.join('\n'), /more than 16 folders deep/);
  });

  it('may hold no file beyond 16 MiB', () => {
    makeFolder('large', { 'a.yaml': '' });
    truncateSync(folder.at('large/a.yaml'), 16 * MiB + 1);
    const { texts, told } = load('large');
    assert.deepEqual(texts, []);
    assert.match(told[0]!, /the file is too large; expected 16 MiB at most$/);
  });
});
