// What of a message of the Workload API is believed: bundles by trust domain.

import assert from 'node:assert/strict';
import type { MethodDefinition } from '@grpc/proto-loader';
import { workloadApiPackage } from '../../proto/load.ts';
import {
  readJwtBundles,
  readX509Bundles,
  UpdateFault,
  type X509Bundles,
} from '../../server/workload_api/updates.ts';
import { HOUR_MS, makeSvid } from '../support/certificates.ts';
import { authorityOf, bundlesMessage, encoded, ID } from './agent.ts';

const MESH = authorityOf('mesh.example');
const OTHER = authorityOf('other.example');

function read(message: object, before: X509Bundles = new Map()) {
  const update = readX509Bundles(message, before);
  assert.ok(!(update instanceof UpdateFault), JSON.stringify(update));
  return update;
}

const sizes = (bundles: X509Bundles) =>
  Object.fromEntries(Array.from(bundles, ([domain, ders]) => [domain, ders.length]));

describe('X.509 bundles of the Workload API', () => {
  it('are read by trust domain, each certificate in memory of its own', () => {
    const { value, kept, ignored } = read(
      bundlesMessage({ 'mesh.example': [MESH, authorityOf('mesh.example', 1)], 'b.c': [OTHER] }),
    );
    assert.deepEqual(sizes(value), { 'mesh.example': 2, 'b.c': 1 });
    assert.deepEqual([kept, ignored], [[], []]);
    const [first] = value.get('mesh.example')!;
    assert.deepEqual(Buffer.from(first!), MESH);
    assert.equal(first!.buffer.byteLength, MESH.length);
  });

  it('are the full state: a domain that is absent is gone', () => {
    const before = read(bundlesMessage({ 'mesh.example': [MESH], 'other.example': [OTHER] })).value;
    const { value } = read(bundlesMessage({ 'mesh.example': [MESH] }), before);
    assert.deepEqual(sizes(value), { 'mesh.example': 1 });
  });

  it('may be empty: then nothing of that domain is valid', () => {
    const before = read(bundlesMessage({ 'mesh.example': [MESH] })).value;
    assert.deepEqual(sizes(read(bundlesMessage({ 'mesh.example': [] }), before).value), {
      'mesh.example': 0,
    });
  });

  it('that cannot be read are those of one domain: others change, also by being removed', () => {
    const before = read(
      bundlesMessage({ 'a.a': [MESH], 'b.b': [OTHER], 'c.c': [MESH, OTHER] }),
    ).value;
    const message = bundlesMessage({ 'a.a': [MESH, Buffer.from('garbage')], 'c.c': [OTHER] });
    const { value, kept } = read(message, before);
    assert.deepEqual(sizes(value), { 'a.a': 1, 'c.c': 1 });
    assert.equal(kept.length, 1);
    assert.match(kept[0]!, /^`a\.a`: /);
  });

  it('that cannot be read, of a domain without any before: it stays without', () => {
    assert.deepEqual(sizes(read(bundlesMessage({ 'a.a': [MESH.subarray(1)] })).value), {});
  });

  it('leave out what may sign nothing, and so a partner cannot stop the removal of a root', () => {
    const before = read(bundlesMessage({ 'a.a': [MESH, OTHER] })).value;
    const leaf = makeSvid(ID, 'mesh.example', { notAfter: Date.now() + HOUR_MS });
    const { value, kept, ignored } = read(bundlesMessage({ 'a.a': [leaf, OTHER] }), before);
    assert.deepEqual(
      value.get('a.a')?.map((der) => Buffer.from(der)),
      [OTHER],
    );
    assert.deepEqual(
      [kept, ignored],
      [[], ['`a.a`: no certificate authority (basic constraints)']],
    );
  });

  const half = MESH.subarray(0, MESH.length / 2);
  const unreadable: [name: string, bytes: Buffer][] = [
    ['garbage', Buffer.from('garbage')],
    ['half a certificate', half],
    ['one and a half', Buffer.concat([MESH, half])],
    ['a byte too many', Buffer.concat([MESH, Buffer.alloc(1)])],
    ['PEM', Buffer.from(`-----BEGIN CERTIFICATE-----\n${MESH.toString('base64')}`)],
    ['a length without an end', Buffer.from('3082', 'hex')],
    ['4 GiB', Buffer.from('3084ffffffff', 'hex')],
    ['257 certificates', Buffer.concat(Array.from({ length: 257 }, () => MESH))],
  ];
  for (const [name, bytes] of unreadable) {
    it(`cannot be read: ${name}`, () => {
      const { value, kept } = read({ bundles: { 'spiffe://a.a': bytes } });
      assert.deepEqual(sizes(value), {});
      assert.equal(kept.length, 1);
    });
  }

  const tooMany = Object.fromEntries(
    Array.from({ length: 257 }, (_, index) => [`spiffe://d${index}.example`, MESH]),
  );
  const refused: [name: string, bundles: Record<string, unknown> | null | undefined][] = [
    ['no bundles', {}],
    ['nothing', undefined],
    ['null', null],
    ['a key that is a workload', { 'spiffe://mesh.example/ns/a': MESH }],
    ['a bare name', { 'mesh.example': MESH }],
    ['upper case', { 'spiffe://Mesh.example': MESH }],
    ['a port', { 'spiffe://mesh.example:443': MESH }],
    ['another scheme', { 'https://mesh.example': MESH }],
    ['a slash behind it', { 'spiffe://mesh.example/': MESH }],
    ['an empty key', { '': MESH }],
    ['what is no bytes', { 'spiffe://mesh.example': 'text' }],
    ['257 trust domains', tooMany],
  ];
  for (const [name, bundles] of refused) {
    it(`are refused as a whole: ${name}`, () => {
      const update = readX509Bundles({ bundles: bundles ?? null }, new Map());
      assert.ok(update instanceof UpdateFault);
    });
  }

  it('have keys that are only text: `__proto__` on the wire is refused like any other', () => {
    const service = workloadApiPackage()['SpiffeWorkloadAPI'] as Record<
      string,
      MethodDefinition<object, object>
    >;
    const { responseDeserialize } = service['FetchX509Bundles']!;
    const key = Buffer.from('__proto__');
    const entry = Buffer.concat([Buffer.from([0x0a, key.length]), key, Buffer.from([0x12, 1, 0])]);
    const bytes = Buffer.concat([Buffer.from([0x12, entry.length]), entry]);
    const update = readX509Bundles(responseDeserialize(bytes), new Map());
    assert.ok(update instanceof UpdateFault, JSON.stringify(update));
    const domain = encoded('x509', { bundles: { 'spiffe://__proto__': MESH } });
    assert.deepEqual([...read(responseDeserialize(domain)).value.keys()], ['__proto__']);
  });
});

describe('JWT bundles of the Workload API', () => {
  const bundle = (text: string | Buffer) => ({ bundles: { 'spiffe://a.a': Buffer.from(text) } });

  it('are texts by trust domain, whose keys others read', () => {
    const text = '{"keys": [{"kty": "EC"}], "spiffe_sequence": 1}';
    const update = readJwtBundles(bundle(text), new Map());
    assert.ok(!(update instanceof UpdateFault));
    assert.deepEqual([...update.value], [['a.a', text]]);
  });

  const unreadable: [name: string, text: string | Buffer][] = [
    ['nothing', ''],
    ['HTML', '<html>'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no keys', '{}'],
    ['keys that are no list', '{"keys": {}}'],
    ['what is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a megabyte and more', `{"keys": []${' '.repeat(2 ** 20)}}`],
    ['levels without an end', '['.repeat(500_000)],
  ];
  for (const [name, text] of unreadable) {
    it(`keep the one before: ${name}`, () => {
      const update = readJwtBundles(bundle(text), new Map([['a.a', '{"keys":[]}']]));
      assert.ok(!(update instanceof UpdateFault));
      assert.deepEqual([...update.value], [['a.a', '{"keys":[]}']]);
      assert.equal(update.kept.length, 1);
      assert.ok(update.kept[0]!.length < 100, 'nothing of what came');
    });
  }
});
