// The directions of DESIGN section 3, read from the import statements of all files: what may know
// what, that deciding reaches no I/O and no clock, and that proof and permission never meet
// (C-001).

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  folderOf,
  PRODUCT,
  PRODUCT_SOURCES,
  ROOT,
  SOURCES,
  type SourceFile,
  textOf,
} from './source_files.ts';

type Folder = (typeof PRODUCT)[number];

/**
 * cli ─► server ─► workers ─► envoy ─► engine; server ─► audit ─► engine; proto ◄── envoy, server,
 * cli.
 */
const MAY_IMPORT: Readonly<Record<Folder, readonly Folder[]>> = {
  engine: [],
  proto: [],
  envoy: ['engine', 'proto'],
  workers: ['envoy', 'engine'],
  audit: ['engine'],
  server: ['workers', 'envoy', 'engine', 'audit', 'proto'],
  cli: ['server', 'workers', 'envoy', 'engine', 'audit', 'proto'],
};

/** Modules of Node that compute and do nothing else, and the packages deciding is built on. */
const PURE: Readonly<Record<'engine' | 'envoy', readonly string[]>> = {
  engine: ['node:crypto', '@peculiar/asn1-schema', '@peculiar/asn1-x509', 're2js', 'yaml', 'zod'],
  envoy: ['node:buffer', 'protobufjs'],
};

/** What is started by its path and not by an import, and the text that names it. */
const ENTRIES: Readonly<Record<string, readonly [file: string, mentions: string]>> = {
  'cli/main.ts': ['bin/remit.js', '../cli/main.ts'],
  'engine/engine.ts': ['package.json', 'dist/engine/engine.js'],
  'engine/cel/condition.ts': ['test/cel/fixture.ts', 'engine/cel/condition.ts'],
  'engine/cel/expression.ts': ['test/cel/conformance_run.ts', 'engine/cel/expression.ts'],
  'workers/pool_worker.ts': ['workers/pooled_checker.ts', 'pool_worker'],
  'server/acceptor_thread.ts': ['server/acceptors.ts', 'acceptor_thread'],
  'server/load_child.ts': ['server/load_process.ts', 'load_child'],
};

/** What no rule needs yet; to be struck off as soon as something imports it. */
const AWAITED: readonly string[] = [];

const byPath = new Map(SOURCES.map((file) => [file.path, file]));
const of = (...folders: string[]) => SOURCES.filter(({ path }) => folders.includes(folderOf(path)));

function offences(files: readonly SourceFile[], wrong: (file: SourceFile) => string[]): string[] {
  return files.flatMap((file) => wrong(file).map((it) => `${file.path}: ${it}`));
}

describe('imports run in one direction:', () => {
  for (const folder of PRODUCT) {
    const allowed = [folder, ...MAY_IMPORT[folder]];
    it(`${folder} imports of ours only ${allowed.join(', ')}`, () => {
      const wrong = offences(of(folder), ({ imports }) =>
        imports
          .filter(({ isOurs, target }) => isOurs && !allowed.includes(folderOf(target) as Folder))
          .map(({ target }) => target),
      );
      assert.deepEqual(wrong, []);
    });
  }

  it('every import of ours is a file that there is', () => {
    const wrong = offences(SOURCES, ({ imports }) =>
      imports
        .filter(({ isOurs, target }) => isOurs && !existsSync(join(ROOT, target)))
        .map(({ target }) => target),
    );
    assert.deepEqual(wrong, []);
  });

  it('no folder of the package has a name that this table does not know', () => {
    const built: string[] = JSON.parse(textOf('tsconfig.build.json')).include;
    assert.deepEqual([...built].sort(), [...PRODUCT].sort());
  });

  it('no two folders import each other, not even by a third', () => {
    const reaches = (from: Folder, to: Folder): boolean =>
      MAY_IMPORT[from].includes(to) || MAY_IMPORT[from].some((it) => reaches(it, to));
    assert.deepEqual(
      PRODUCT.filter((folder) => reaches(folder, folder)),
      [],
    );
  });

  it('no files import each other in a circle', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
      if (done.has(path) || way.includes(path)) return;
      for (const { isOurs, target } of byPath.get(path)?.imports ?? []) {
        if (isOurs) visit(target, [...way, path]);
      }
      done.add(path);
    };
    for (const { path } of PRODUCT_SOURCES) visit(path, []);
    assert.deepEqual(circles, []);
  });
});

/** Every file of ours that a folder needs, types included. */
function closure(folder: string): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { isOurs, target } of byPath.get(path)?.imports ?? []) if (isOurs) visit(target);
  };
  for (const { path } of SOURCES) if (path.startsWith(`${folder}/`)) visit(path);
  return reached;
}

describe('C-001: proof and permission', () => {
  const pairs = [
    ['engine/identity', 'engine/policy'],
    ['engine/policy', 'engine/identity'],
  ] as const;
  for (const [one, other] of pairs) {
    it(`${one} never imports ${other}, not even by a third file or for a type`, () => {
      const reached = [...closure(one)];
      assert.ok(reached.length > 3);
      assert.deepEqual(
        reached.filter((path) => path.startsWith(`${other}/`)),
        [],
      );
    });
  }

  it('deciding never sees a credential, and authenticating never an outcome', () => {
    assert.ok(!closure('engine/policy').has('engine/check.ts'));
    assert.ok(!closure('engine/identity').has('engine/decision.ts'));
  });
});

describe('deciding is without I/O, clock and chance:', () => {
  for (const folder of ['engine', 'envoy'] as const) {
    it(`${folder} imports no package or module but ${PURE[folder].join(', ')}`, () => {
      const wrong = offences(of(folder), ({ imports }) =>
        imports
          .filter(({ isOurs, target }) => !isOurs && !PURE[folder].includes(target))
          .map(({ target }) => target),
      );
      assert.deepEqual(wrong, []);
    });
  }

  it('node:crypto is there to hash and to check signatures, and node:buffer to look at bytes', () => {
    const imported = of('engine', 'envoy')
      .flatMap(({ imports }) => imports)
      .filter(({ target }) => target.startsWith('node:'))
      .flatMap(({ target, names }) =>
        names
          .replace(/^(type )?\{|\}$|\btype /g, '')
          .split(',')
          .map((name) => `${target} ${name.trim()}`),
      );
    assert.deepEqual([...new Set(imported)].sort(), [
      'node:buffer isUtf8',
      'node:crypto KeyObject',
      'node:crypto constants',
      'node:crypto createHash',
      'node:crypto createHmac',
      'node:crypto createPublicKey',
      'node:crypto hash',
      'node:crypto verify',
    ]);
  });

  /** Each is a word that code may not hold; comments and texts may. */
  const forbidden: [name: string, pattern: RegExp][] = [
    ['the wall clock', /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bDate\s*\(\s*\)/],
    ['another clock', /\bperformance\b|\bhrtime\b/],
    ['chance', /\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|FillSync|Int)\b|\bgetRandomValues\b/],
    ['the process', /\bprocess\s*\.|\bglobalThis\b/],
    ['timers', /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
    ['anything asynchronous', /\basync\b|\bawait\b|\bPromise\b|\.then\s*\(/],
    ['the network', /\bfetch\s*\(|\bWebSocket\b/],
    ['code made of text', /\beval\s*\(|\bnew\s+Function\b|\bimport\s*\(/],
    ['output', /\bconsole\s*\./],
  ];
  for (const [name, pattern] of forbidden) {
    it(`engine and envoy never use ${name}`, () => {
      const wrong = offences(of('engine', 'envoy'), ({ code }) => {
        return code.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${at + 1}`] : []));
      });
      assert.deepEqual(wrong, []);
    });
  }
});

type Manifest = Readonly<Record<'dependencies' | 'devDependencies', Record<string, string>>>;

describe('packages', () => {
  const manifest: Manifest = JSON.parse(textOf('package.json'));
  const imported = (files: readonly SourceFile[]) =>
    new Set(
      files
        .flatMap(({ imports }) => imports)
        .filter(({ isOurs, target }) => !isOurs && !target.startsWith('node:'))
        .map(({ target }) => target),
    );

  it('that are for tests only are imported by tests only', () => {
    const wrong = [...imported(PRODUCT_SOURCES)].filter((name) => !(name in manifest.dependencies));
    assert.deepEqual(wrong, []);
  });

  it('that the package needs are imported by it, each of them', () => {
    const used = imported(PRODUCT_SOURCES);
    assert.deepEqual(
      Object.keys(manifest.dependencies).filter((name) => !used.has(name)),
      [],
    );
  });

  it('are all declared, and modules of Node have their prefix', () => {
    const declared = { ...manifest.dependencies, ...manifest.devDependencies };
    const wrong = [...imported(SOURCES)].filter((name) => !(name in declared));
    assert.deepEqual(wrong, []);
  });

  it('have versions that are pinned exactly', () => {
    for (const list of [manifest.dependencies, manifest.devDependencies]) {
      for (const [name, version] of Object.entries(list)) {
        assert.match(version, /^\d+\.\d+\.\d+$/, name);
      }
    }
  });
});

describe('every file of the package', () => {
  const imported = new Set(
    PRODUCT_SOURCES.flatMap(({ imports }) => imports.map(({ target }) => target)),
  );

  it('is imported by another, or is an entry, or is awaited', () => {
    const unused = PRODUCT_SOURCES.map(({ path }) => path).filter((path) => !imported.has(path));
    assert.deepEqual(
      unused.filter((path) => !(path in ENTRIES)),
      AWAITED,
    );
  });

  for (const [entry, [file, mention]] of Object.entries(ENTRIES)) {
    it(`${entry} is started by ${file}`, () => {
      assert.ok(byPath.has(entry));
      assert.ok(textOf(file).includes(mention));
    });
  }

  it('imports nothing of tests, demo, bench and docs', () => {
    const around = ['test', 'demo', 'bench', 'docs'];
    const wrong = offences(PRODUCT_SOURCES, ({ imports }) =>
      imports.map(({ target }) => target).filter((target) => around.includes(folderOf(target))),
    );
    assert.deepEqual(wrong, []);
  });

  it('gives its own things: nothing passes on what another exports, but the entry for embedding', () => {
    const wrong = offences(PRODUCT_SOURCES, ({ path, code }) => {
      if (path === 'engine/engine.ts') return [];
      const passedOn = [...code.matchAll(/\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\})\s*from\b/g)];
      return passedOn.map(({ index }) => `${code.slice(0, index).split('\n').length}`);
    });
    assert.deepEqual(wrong, []);
  });

  it('exports by name: no default', () => {
    const wrong = offences(PRODUCT_SOURCES, ({ path, code }) => {
      // Piscina runs what its worker's file exports as default.
      if (path === 'workers/pool_worker.ts') return [];
      return /\bexport\s+default\b/.test(code) ? ['default'] : [];
    });
    assert.deepEqual(wrong, []);
  });
});
