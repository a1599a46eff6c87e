// The package as its users get it: packed, installed into an empty folder, serving with a pool, and
// embedded as `remit/engine`. Packed from a copy, so that the checkout stays as it is.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, IDS, sourceFiles, WAYS, writeBundle } from '../support/mesh.ts';
import { runRemit, startServe } from '../support/process.ts';
import { readLines } from '../support/record_files.ts';

const run = promisify(execFile);
/** A registry and a compiler take the time they take. */
const INSTALL_MS_MAX = 240_000;
const ROOT = join(import.meta.dirname, '..', '..');

interface Manifest {
  readonly version: string;
  readonly files: readonly string[];
}

/** What packing needs of the checkout, and nothing that was built before. */
function copySources(to: string): void {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const build = JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')) as {
    readonly include: readonly string[];
  };
  const always = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'LICENSE'];
  const names = new Set(
    [...manifest.files, ...build.include, ...always].map((it) => it.split('/')[0]!),
  );
  names.delete('dist');
  for (const name of names) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(to, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
}

describe('the published package', function () {
  this.timeout(INSTALL_MS_MAX);
  const folder = useFolder();
  let installed = '';
  before(async () => {
    const [source, use] = [folder.at('source'), folder.at('use')];
    mkdirSync(source);
    mkdirSync(use);
    copySources(source);
    await run('npm', ['pack', '--pack-destination', folder.path], { cwd: source });
    const tarball = readdirSync(folder.path).find((name) => name.endsWith('.tgz'));
    assert.ok(tarball, 'npm pack made a tarball');
    folder.write('use/package.json', '{"name":"user","private":true,"type":"module"}');
    const options = ['--prefix', use, '--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...options, folder.at(tarball)], { cwd: use });
    installed = folder.at('use/node_modules/remit');
  });

  it('holds what runs and what explains, no sources and no tests', () => {
    const names = readdirSync(installed);
    for (const name of ['bin', 'dist', 'proto', 'docs', 'package.json', 'LICENSE']) {
      assert.ok(names.includes(name), `${name} is among ${names}`);
    }
    for (const name of ['test', 'demo', 'bench', 'cli', 'node_modules']) {
      assert.ok(!names.includes(name), `${name} is not among ${names}`);
    }
    const compiled = readdirSync(join(installed, 'dist'), { recursive: true }).map(String);
    assert.deepEqual(
      compiled.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts')),
      [],
    );
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const bin = join(installed, 'bin/remit.js');
    const { code, stdout } = await runRemit(['version'], { bin });
    assert.equal(code, 0);
    assert.equal(stdout, `remit ${version} (node ${process.versions.node})\n`);
  });

  it('serves with a pool: answers over gRPC, in place and from a worker, and records both', async () => {
    writeBundle(folder.at('policies'));
    const config = folder.write(
      'remit.yaml',
      `policies: ./policies
listen: {check: "127.0.0.1:0", http: "127.0.0.1:0"}
threads: {pool: 1}
records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}
`,
    );
    const serve = await startServe(config, { bin: join(installed, 'bin/remit.js') });
    const client = new CheckClient(serve.check[0]!);
    try {
      for (const { call, want } of WAYS) {
        assert.equal((await client.check(encodeCall(call))).result, want);
      }
      // Beyond 16 KiB a request is never decided in place.
      const large = encodeCall({ headers: { 'x-filler': 'x'.repeat(20_000) } });
      const answer = await client.check(large, { timeoutMs: 30_000 });
      assert.equal(answer.result, 'allow');
    } finally {
      client.close();
      const { code, stderr } = await serve.stop();
      assert.equal(code, 0, stderr);
    }
    assert.equal(readLines(folder.at('evidence.ndjson')).length, WAYS.length + 1);
    assert.equal(readLines(folder.at('decisions.ndjson')).length, WAYS.length + 1);
  });

  const EMBEDDING = `
import { check, compileSnapshot, DEFAULT_SETTINGS, NO_FACTS } from 'remit/engine';
const files = ${JSON.stringify(sourceFiles())};
const snapshot = compileSnapshot({ files, keyFiles: new Map() }, DEFAULT_SETTINGS, 1);
if (snapshot === undefined) throw new Error('the bundle does not compile');
for (const peerPrincipal of ${JSON.stringify([IDS.checkout, IDS.reporting])}) {
  const step = check({
    credentials: {
      peerPrincipal,
      hasCertificate: false,
      peerCertificate: '',
      authorization: false,
      headers: new Map(),
      method: 'GET',
      path: '/v1/accounts/42',
      jwtPayloads: new Map(),
    },
    destination: { principal: ${JSON.stringify(IDS.payments)}, host: '', extension: '' },
    action: { kind: 'request', method: 'GET', path: '/v1/accounts/42' },
    request: {
      method: 'GET',
      path: '/v1/accounts/42',
      host: '',
      sourceAddress: '',
      headers: () => new Map(),
      query: () => new Map(),
      body: () => { throw new Error('no rule reads it'); },
    },
    extensions: new Map(),
    fault: undefined,
  }, { kind: 'local' }, snapshot, NO_FACTS, 0);
  if (step.kind !== 'answer') throw new Error(step.kind);
  console.log(step.answer.decision.outcome, step.answer.decision.reason ?? '-');
}
`;

  it('compiles a snapshot and decides when it is embedded as remit/engine', async () => {
    folder.write('use/embed.mjs', EMBEDDING);
    const { stdout } = await run(process.execPath, [folder.at('use/embed.mjs')]);
    assert.equal(stdout, 'allow -\ndeny authz.no_match\n');
  });

  it('brings its types: who embeds it is checked by the compiler', async () => {
    const text = `declare const console: { log(...texts: string[]): void };${EMBEDDING}
// @ts-expect-error No such kind of asker.
snapshot.proof.enforcers.of({ kind: 'locl' });
`;
    folder.write('use/embed.ts', text);
    const strict = ['--strict', '--module', 'nodenext', '--target', 'es2024', '--noEmit'];
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    await run(tsc, [...strict, '--types', '', 'embed.ts'], { cwd: folder.at('use') });
  });

  it('exports nothing but the engine', async () => {
    folder.write('use/other.mjs', "await import('remit/dist/cli/main.js');");
    await assert.rejects(
      run(process.execPath, [folder.at('use/other.mjs')]),
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });
});
