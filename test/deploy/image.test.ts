// The Dockerfile's steps, run in a temporary folder: they make what the image holds, and that
// decides.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/source_files.ts';
import { useFolder } from '../support/folder.ts';
import { at, parseDocuments } from './deploy_files.ts';
import { build, readCopy, readDockerfile } from './docker_file.ts';

/** A registry and a compiler take the time they take. */
const BUILD_MS_MAX = 240_000;

const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const instructions = readDockerfile(text);
const of = (name: string) => instructions.filter((it) => it.name === name).map((it) => it.text);
const final = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));

describe('the Dockerfile', () => {
  const taken = of('COPY').map(readCopy);

  it('takes nothing that is not there, or that .dockerignore keeps from it', () => {
    const sources = taken.filter(({ from }) => from === undefined).flatMap((it) => it.sources);
    assert.deepEqual(
      sources.filter((it) => !existsSync(join(ROOT, it))),
      [],
    );
    const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    assert.ok(ignore.includes('*'));
    const letIn = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    assert.deepEqual([...new Set(sources)].sort(), letIn.sort());
  });

  it('takes every folder that the package is built from', () => {
    const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')) as {
      include: string[];
    };
    const sources = taken.flatMap((it) => it.sources);
    assert.deepEqual(
      include.filter((folder) => !sources.includes(folder)),
      [],
    );
  });

  it('ends with an image that runs nothing as it is built, and not as root', () => {
    assert.deepEqual(
      final.filter(({ name }) => name === 'RUN'),
      [],
    );
    const user = final.find(({ name }) => name === 'USER')?.text;
    const deployment = parseDocuments('kubernetes/deployment.yaml')[1]?.value;
    const context = at(deployment, 'spec', 'template', 'spec', 'securityContext');
    assert.equal(user, `${at(context, 'runAsUser')}:${at(context, 'runAsGroup')}`);
  });

  it('is of the Node that the package asks for', () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const major = engines.node.replace('>=', '');
    assert.deepEqual(of('FROM'), [
      `node:${major}-slim AS build`,
      `gcr.io/distroless/nodejs${major}-debian12`,
    ]);
  });
});

describe('the image', function () {
  this.timeout(BUILD_MS_MAX);
  const folder = useFolder();
  let image = '';
  before(async () => {
    image = await build(instructions, ROOT, folder.path);
  });

  it('holds what runs: no sources, and of node_modules only what the package depends on', () => {
    const home = join(image, 'opt/remit');
    const names = ['LICENSE', 'bin', 'dist', 'node_modules', 'package.json', 'proto'];
    assert.deepEqual(readdirSync(home).sort(), names);
    const { dependencies } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const there = (name: string) => existsSync(join(home, 'node_modules', name));
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !there(name)),
      [],
    );
    // Some types stay: packages that Remit needs name them as what they need.
    assert.deepEqual(['@biomejs/biome', 'ajv', 'mocha', 'node', 'typescript'].filter(there), []);
  });

  it('decides by its entry point', () => {
    const entry = final.find(({ name }) => name === 'ENTRYPOINT')?.text ?? '[]';
    const [node, script] = JSON.parse(entry) as string[];
    assert.equal(node, '/nodejs/bin/node');
    const args = ['decide', '--config', 'examples/payments/remit.yaml'];
    const printed = execFileSync(process.execPath, [join(image, script!), ...args], {
      cwd: ROOT,
      input: readFileSync(join(ROOT, 'examples/payments/checks.ndjson')),
    });
    assert.equal(printed.toString().trim().split('\n').length, 10);
  });
});
