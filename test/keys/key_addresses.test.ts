// The addresses that keys are fetched from: none that is not allowed is ever connected to, whatever
// names lead there.

import assert from 'node:assert/strict';
import { fetchKeys } from '../../server/keys/fetch_keys.ts';
import type { FetchResult } from '../../server/keys/fetch_result.ts';
import type { JwksSource } from '../../server/keys/jwks_source.ts';
import { systemResolve } from '../../server/keys/key_connection.ts';
import { type IssuerServer, sourceOf, startIssuer } from './issuer_server.ts';

describe('an address that is fetched from', () => {
  let issuer: IssuerServer;
  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());

  interface AddressCase {
    readonly name: string;
    readonly host?: string;
    readonly addresses?: readonly string[];
    readonly changes?: Partial<JwksSource>;
    readonly want: FetchResult;
  }
  const strict = { allowPrivate: false };
  const cases: AddressCase[] = [
    { name: 'loopback, allowed', host: '127.0.0.1', want: 'ok' },
    { name: 'loopback', host: '127.0.0.1', changes: strict, want: 'address' },
    { name: 'loopback as a number', host: '2130706433', changes: strict, want: 'address' },
    { name: 'loopback, mapped', host: '[::ffff:7f00:1]', changes: strict, want: 'address' },
    { name: 'a name that is loopback', addresses: ['127.0.0.1'], changes: strict, want: 'address' },
    { name: 'a name that is private', addresses: ['10.0.0.1'], changes: strict, want: 'address' },
    { name: 'cloud metadata', addresses: ['169.254.169.254'], want: 'address' },
    { name: 'cloud metadata, mapped', addresses: ['::ffff:169.254.169.254'], want: 'address' },
    { name: 'link-local with a zone', addresses: ['fe80::1%lo'], want: 'address' },
    { name: 'multicast', addresses: ['224.0.0.1', 'ff02::1'], want: 'address' },
    { name: 'everywhere', addresses: ['0.0.0.0', '::'], want: 'address' },
    { name: 'no address', addresses: [], want: 'address' },
    { name: 'plaintext to a private network', addresses: ['10.0.0.1'], want: 'address' },
    { name: 'plaintext to the public', addresses: ['8.8.8.8'], want: 'address' },
    {
      name: 'plaintext, not allowed',
      host: '127.0.0.1',
      changes: { allowHttp: false },
      want: 'address',
    },
    {
      name: 'an allowed one among others',
      addresses: ['169.254.169.254', '127.0.0.1'],
      want: 'ok',
    },
    { name: 'one that refuses before', addresses: ['127.0.0.2', '127.0.0.1'], want: 'ok' },
  ];
  for (const { name, host = 'issuer.example', addresses = [], changes, want } of cases) {
    it(`ends with ${want}: ${name}`, async () => {
      const asked = issuer.asked.length;
      const source = sourceOf(`http://${host}:${issuer.port}/keys`, changes);
      const fetched = await fetchKeys(source, { resolve: async () => addresses, msMax: 2_000 });
      assert.equal(fetched.result, want, JSON.stringify(fetched));
      assert.equal(issuer.asked.length - asked, want === 'ok' ? 1 : 0);
    });
  }

  it('is the one that was checked, whatever the name means a moment later', async () => {
    let answers = 0;
    const rebinding = async (): Promise<string[]> => {
      answers++;
      return [answers === 1 ? '127.0.0.1' : '169.254.169.254'];
    };
    const source = sourceOf(`http://issuer.example:${issuer.port}/keys`);
    assert.equal((await fetchKeys(source, { resolve: rebinding })).result, 'ok');
    assert.equal(answers, 1);
    issuer.answer = (_, response) => void response.writeHead(302, { location: '/other' }).end();
    answers = 0;
    const redirected = await fetchKeys(source, { resolve: rebinding });
    assert.equal(redirected.result, 'address', 'a redirect is checked anew');
  });

  it('is waited for no longer than the rest', async () => {
    const never = () => new Promise<string[]>(() => undefined);
    const source = sourceOf(`http://issuer.example:${issuer.port}/keys`);
    const fetched = await fetchKeys(source, { resolve: never, msMax: 100 });
    assert.equal(fetched.result, 'timeout');
  });

  it('ends with dns where the name has none, and with connect where nobody listens', async () => {
    const missing = () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
    const source = sourceOf(`http://issuer.example:${issuer.port}/keys`);
    const fetched = await fetchKeys(source, { resolve: missing });
    assert.deepEqual(fetched, { result: 'dns', detail: 'ENOTFOUND' });
    const nobody = await fetchKeys(sourceOf('http://127.0.0.1:1/keys'), { resolve: systemResolve });
    assert.deepEqual(nobody, { result: 'connect', detail: 'ECONNREFUSED' });
  });

  it('is asked for once while the system still resolves it', async () => {
    const [one, other] = [systemResolve('localhost'), systemResolve('localhost')];
    assert.equal(one, other);
    await one;
  });
});
