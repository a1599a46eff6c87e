// The published JSON Schema: every document that we show passes, what it refuses the loader
// refuses, and neither it nor the reference is out of date.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';
import { KIND_SCHEMAS } from '../../engine/bundle/kinds.ts';
import { parseBundle } from '../../engine/bundle/parse_bundle.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

function isLanguage(value: unknown): value is { kind: keyof typeof KIND_SCHEMAS } {
  const { kind, apiVersion = 'remit.mesh/v1' } = (value ?? {}) as Record<string, string>;
  // Kubernetes has a Service, a Role and a Policy of its own.
  return apiVersion === 'remit.mesh/v1' && kind !== undefined && Object.hasOwn(KIND_SCHEMAS, kind);
}

/** Every document of the language in a text, as far as it is YAML. */
function documentsOf(text: string): unknown[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  if (!Array.isArray(documents)) return [];
  return documents
    .filter(({ errors }) => errors.length === 0)
    .map((it) => it.toJS() as unknown)
    .filter(isLanguage);
}

/** Of YAML files whole, of pages each block of code, of sources each text over several lines. */
function shown(): { name: string; document: unknown }[] {
  const files = ['.', 'docs', 'demo', 'deploy', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: folder !== '.', encoding: 'utf8' }).map((name) =>
      join(folder, name),
    ),
  );
  return files.flatMap((name) => {
    const texts = /\.ya?ml$/.test(name)
      ? [read(name)]
      : name.endsWith('.md')
        ? [...read(name).matchAll(/```ya?ml\n([\s\S]*?)```/g)].map(([, code = '']) => code)
        : name.endsWith('.ts')
          ? [...read(name).matchAll(/`([^`$]*kind: [^`$]*)`/g)].map(([, code = '']) => code)
          : [];
    return texts.flatMap(documentsOf).map((document) => ({ name, document }));
  });
}

interface Case {
  readonly name: string;
  readonly document: unknown;
}

const META = { name: 'a', namespace: 'n' };
const RULE = { id: 'r', effect: 'permit', from: { kinds: ['ci'] }, to: {} };
const rule = (more: object) => ({
  kind: 'Policy',
  metadata: META,
  spec: { rules: [{ ...RULE, ...more }] },
});
const identity = (spec: object) => ({ kind: 'Identity', metadata: META, spec });

const REFUSED: Case[] = [
  { name: 'a list', document: [] },
  { name: 'a document without a kind', document: { metadata: META, spec: {} } },
  { name: 'a kind that there is not', document: { kind: 'Polcy', metadata: META, spec: {} } },
  { name: 'a kind of a later version', document: { kind: 'AuthorizationPolicy' } },
  { name: 'another apiVersion', document: { apiVersion: 'v1', ...rule({}) } },
  { name: 'a field at the top', document: { ...rule({}), status: {} } },
  {
    name: 'no namespace',
    document: { kind: 'Policy', metadata: { name: 'a' }, spec: { rules: [] } },
  },
  { name: 'a name in capitals', document: { ...rule({}), metadata: { ...META, name: 'A' } } },
  {
    name: 'a day that there is not',
    document: { ...rule({}), metadata: { ...META, reviewBy: '2027-02-30' } },
  },
  { name: 'an unknown field of a rule', document: rule({ form: {} }) },
  { name: 'an effect that there is not', document: rule({ effect: 'allow' }) },
  { name: 'a text where a list is wanted', document: rule({ from: { kinds: 'ci' } }) },
  { name: 'an empty list', document: rule({ to: { verbs: [] } }) },
  { name: 'an unknown key in a negation', document: rule({ to: { not: { verb: ['read'] } } }) },
  { name: 'a tier beyond four', document: rule({ to: { tiers: [5] } }) },
  { name: 'half a tier', document: rule({ to: { tiers: [1.5] } }) },
  { name: 'a trial without an end', document: rule({ mode: { shadow: true } }) },
  {
    name: 'a time without a zone',
    document: rule({ mode: { shadow: true, until: '2027-01-01T00:00:00' } }),
  },
  { name: 'anonymous that is false', document: rule({ from: { anonymous: false } }) },
  { name: 'a duration without a unit', document: rule({ require: { maxAge: '60' } }) },
  { name: 'an exception of nobody', document: { ...rule({}), kind: 'Exception' } },
  { name: 'a lifetime in words', document: identity({ spiffe: 's', maxLifetime: 'a day' }) },
  {
    name: 'a field of a later version',
    document: { kind: 'Service', metadata: META, spec: { operations: {}, a2a: {} } },
  },
];

describe('the JSON Schema of the language', () => {
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false, strictRequired: false });
  for (const format of ['date', 'date-time']) ajv.addFormat(format, true);
  const check = ajv.compile(JSON.parse(read('schema/remit.mesh-v1.schema.json')) as object);

  it('takes every document that the repository shows', () => {
    const all = shown();
    assert.ok(all.length >= 15, `${all.length} documents`);
    for (const { name, document } of all) {
      assert.ok(
        check(document),
        `${name}: ${JSON.stringify(document)} ${ajv.errorsText(check.errors)}`,
      );
    }
  });

  for (const { name, document } of REFUSED) {
    it(`refuses, as the loader does: ${name}`, () => {
      assert.equal(check(document), false);
      const diagnostics = new Diagnostics();
      parseBundle([{ name: 'a.yaml', text: JSON.stringify(document) }], diagnostics);
      assert.equal(diagnostics.hasErrors, true);
    });
  }

  it('takes what these are made from', () => {
    for (const document of [rule({}), identity({ spiffe: 's', maxLifetime: '24h' })]) {
      assert.equal(check(document), true);
    }
  });

  it('describes every field', () => {
    const silent = read('docs/reference.md')
      .split('\n')
      .filter((line) => line.endsWith('|  |'));
    assert.deepEqual(silent, []);
  });

  it('and all other generated pages are up to date', () => {
    execFileSync(process.execPath, ['docs/generate.ts', '--check'], { cwd: ROOT });
  });
});
