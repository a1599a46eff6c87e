// What of a message of the Workload API is believed: Remit's own SVID; and that whatever bytes come
// are a state or a fault.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { MethodDefinition } from '@grpc/proto-loader';
import { workloadApiPackage } from '../../proto/load.ts';
import { readSvid } from '../../server/workload_api/svid.ts';
import { readX509Bundles, UpdateFault } from '../../server/workload_api/updates.ts';
import { HOUR_MS, keysOf, makeAuthority, makeSvid } from '../support/certificates.ts';
import { authorityOf, bundlesMessage, encoded, ID, svidMessage } from './agent.ts';

const MESH = authorityOf('mesh.example');
const OTHER = authorityOf('other.example');

describe('the SVID of the Workload API', () => {
  const good = svidMessage();
  const now = Date.now();
  const result = (...svids: object[]) => readSvid({ svids: svids as never }, now);

  it('is the first one, with its chain and key', () => {
    const update = result(good, { ...good, spiffe_id: 'garbage' });
    assert.ok(!(update instanceof UpdateFault), JSON.stringify(update));
    const { id, chain, key } = update.value;
    assert.equal(id, ID);
    assert.deepEqual(
      chain.map((der) => Buffer.from(der)),
      [good.x509_svid],
    );
    assert.deepEqual(Buffer.from(key), good.x509_svid_key);
    assert.equal(key.buffer.byteLength, good.x509_svid_key.length);
  });

  it('may come with intermediates', () => {
    const valid = { notBefore: now - HOUR_MS, notAfter: now + HOUR_MS };
    const between = makeAuthority('between', { ...valid, issuer: 'mesh.example 0' });
    const leaf = makeSvid(ID, 'between', { ...valid, keys: keysOf('serving 1') });
    const x509_svid = Buffer.concat([leaf, between]);
    const update = result({ ...good, x509_svid });
    assert.ok(!(update instanceof UpdateFault), JSON.stringify(update));
    assert.equal(update.value.chain.length, 2);
  });

  const pkcs1 = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'der' },
    privateKeyEncoding: { type: 'pkcs1', format: 'der' },
  }).privateKey;
  const { privateKey } = keysOf('serving 1');
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'der',
    cipher: 'aes-128-cbc',
    passphrase: 'x',
  });
  const chainOf = (count: number) => Array.from({ length: count }, () => MESH);
  const refused: [name: string, change: object, why: RegExp][] = [
    ['no ID', { spiffe_id: '' }, /cannot be empty/],
    ['an ID that is none', { spiffe_id: 'spiffe://A/b' }, /trust domain/],
    ['another ID than its certificate has', { spiffe_id: `${ID}2` }, /another ID/],
    ['no certificate', { x509_svid: Buffer.alloc(0) }, /no certificate/],
    ['garbage', { x509_svid: Buffer.from('x') }, /not a certificate in DER/],
    ['an authority', { x509_svid: MESH }, /0 URIs/],
    [
      'ten certificates',
      { x509_svid: Buffer.concat([good.x509_svid, ...chainOf(9)]) },
      /more than 9/,
    ],
    ['no bundle', { bundle: Buffer.alloc(0) }, /no path/],
    ['a bundle of garbage', { bundle: Buffer.from('x') }, /its bundle: /],
    ['the bundle of another', { bundle: authorityOf('mesh.example', 1) }, /no path/],
    ['no key', { x509_svid_key: Buffer.alloc(0) }, /no PKCS#8 key/],
    ['garbage as key', { x509_svid_key: Buffer.from('x') }, /no PKCS#8 key/],
    ['the key of another', { x509_svid_key: svidMessage({ serial: 2 }).x509_svid_key }, /no PKCS/],
    ['a key in PKCS#1', { x509_svid_key: pkcs1 }, /no PKCS#8 key/],
    ['an encrypted key', { x509_svid_key: encrypted }, /no PKCS#8 key/],
    ['a key in PEM', { x509_svid_key: Buffer.from('-----BEGIN PRIVATE KEY-----') }, /no PKCS#8/],
    ['a huge key', { x509_svid_key: Buffer.alloc(10_000, 0x30) }, /no PKCS#8 key/],
  ];
  for (const [name, change, why] of refused) {
    it(`is refused: ${name}`, () => {
      const update = result({ ...good, ...change });
      assert.ok(update instanceof UpdateFault);
      assert.match(update.message, why);
    });
  }

  it('is refused when it is not valid now, and when there is none', () => {
    for (const at of [now - 2 * HOUR_MS, now + 2 * HOUR_MS]) {
      assert.ok(readSvid({ svids: [good] }, at) instanceof UpdateFault);
    }
    assert.ok(readSvid({ svids: [] }, now) instanceof UpdateFault);
    assert.ok(readSvid({}, now) instanceof UpdateFault);
  });
});

describe('any bytes of the Workload API', () => {
  const service = workloadApiPackage()['SpiffeWorkloadAPI'] as Record<
    string,
    MethodDefinition<object, object>
  >;
  /** As stream.ts does. */
  function decoded(method: string, bytes: Buffer): object | undefined {
    try {
      return service[method]!.responseDeserialize(bytes);
    } catch {
      return undefined;
    }
  }

  /** Of messages that were good, with a few bytes changed, taken out or put in. */
  function changed(bytes: Buffer, random: () => number): Buffer {
    let result = Buffer.from(bytes);
    for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
      const at = Math.floor(random() * result.length);
      const what = random();
      if (what < 0.6) result[at] = Math.floor(random() * 256);
      else if (what < 0.8)
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1)]);
      else
        result = Buffer.concat([result.subarray(0, at), Buffer.alloc(1, at), result.subarray(at)]);
    }
    return result;
  }

  it('give a state or a fault, and no SVID but the one that was signed (2,000 of each)', () => {
    let seed = 1;
    const random = (): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed / 0x7fffffff;
    };
    const good = svidMessage();
    const svids = encoded('svid', { svids: [good] });
    const bundles = encoded('x509', bundlesMessage({ 'mesh.example': [MESH], 'a.a': [OTHER] }));
    let believed = 0;
    for (let round = 0; round < 2_000; round++) {
      const one = decoded('FetchX509SVID', changed(svids, random));
      const svid = one && readSvid(one, Date.now());
      if (svid !== undefined && !(svid instanceof UpdateFault)) {
        believed++;
        assert.deepEqual(Buffer.from(svid.value.chain[0]!), good.x509_svid);
      }
      const other = decoded('FetchX509Bundles', changed(bundles, random));
      if (other !== undefined) readX509Bundles(other, new Map());
    }
    assert.ok(believed > 0, 'a field that nobody reads may be another');
  });
});
