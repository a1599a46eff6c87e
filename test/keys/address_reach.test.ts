// Where keys may be fetched from: each kind of address, and each way to write one, as a table.

import assert from 'node:assert/strict';
import { type AddressReach, isLoopback, reachOf } from '../../engine/address_reach.ts';
import { keyUrlProblem } from '../../engine/key_url.ts';

describe('an address', () => {
  const cases: [AddressReach, ...string[]][] = [
    ['public', '1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.0', '100.63.255.255'],
    ['public', '100.128.0.0', '192.0.1.0', '198.17.255.255', '198.20.0.0', '223.255.255.255'],
    ['public', '2606:4700:4700::1111', '2001:200::1', '2400::1', '::ffff:8.8.8.8'],
    ['public', '64:ff9b::8.8.8.8'],
    ['private', '127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'],
    ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    ['private', '100.100.100.200', 'fc00::1', 'fd00:ec2::254', '::ffff:10.0.0.1'],
    ['private', '::ffff:a00:1', '::FFFF:7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::7f00:1'],
    ['special', '0.0.0.0', '0.1.2.3', '169.254.169.254', '::ffff:169.254.169.254'],
    ['special', '64:ff9b::169.254.169.254', '168.63.129.16', '224.0.0.1', '239.255.255.255'],
    ['special', '240.0.0.1', '255.255.255.255', '192.0.0.1', '192.0.2.1', '198.51.100.1'],
    ['special', '203.0.113.1', '198.18.0.1', '192.88.99.1', '::', 'fe80::1', 'fe80::1%eth0'],
    ['special', 'febf::1', 'fec0::1', 'ff02::1', '2001::1', '2001:db8::1', '2002:7f00:1::'],
    ['special', '3fff::1', '5f00::1', '4000::1', '::127.0.0.1', '::8.8.8.8', '64:ff9b:1::1'],
    ['special', '100::1', '::ffff:0:127.0.0.1', '', 'localhost', '127.1', '0x7f.0.0.1'],
    ['special', '2130706433', '010.0.0.1', '1.1.1.1 ', '1.1.1.1:443', '[::1]', '1.1.1.1\0'],
  ];
  for (const [want, ...addresses] of cases) {
    for (const address of addresses) {
      it(`is ${want}: \`${address}\``, () => assert.equal(reachOf(address), want));
    }
  }

  it('is private or special when it is of this host, and nothing else is loopback', () => {
    const all = cases.flatMap(([, ...addresses]) => addresses);
    assert.deepEqual(all.filter(isLoopback), [
      '127.0.0.1',
      '127.255.255.255',
      '::1',
      '0:0:0:0:0:0:0:1',
      '::ffff:127.0.0.1',
      '::FFFF:7f00:1',
    ]);
  });
});

describe('the URL of a key set', () => {
  const strict = { allowHttp: false, allowPrivate: false };
  const lax = { allowHttp: true, allowPrivate: true };
  const good = [
    'https://issuer.example/keys',
    'https://issuer.example',
    'https://issuer.example:8443/a/b?tenant=1',
    'HTTPS://Issuer.Example/keys',
    'https://8.8.8.8/keys',
    'https://[2606:4700:4700::1111]/keys',
    'https://issuer.example/@me',
  ];
  for (const url of good) {
    it(`may be \`${url}\``, () => assert.equal(keyUrlProblem(url, strict), undefined));
  }

  const bad: [problem: string, ...urls: string[]][] = [
    ['not https', 'http://issuer.example/keys', 'ftp://issuer.example/', 'ws://issuer.example/'],
    ['no URL', '.', 'issuer.example/keys', '/keys', 'file:///etc/passwd', 'https:///keys'],
    ['no URL', 'https:issuer.example', 'data:application/json,{}'],
    ['no URL', 'https://256.1.1.1/', 'https://[::1/', 'https://issuer.example:99999/'],
    ['a user name or password in it', 'https://user@issuer.example/', 'https://u:p@issuer.example'],
    ['a user name or password in it', 'https://@issuer.example/', 'https://a@b@issuer.example/'],
    ['a fragment in it', 'https://issuer.example/#', 'https://issuer.example/keys#x'],
    ['a host that ends with a dot', 'https://issuer.example./keys'],
    ['a character no URL may hold', '', 'https://issuer.example/a b', ' https://issuer.example/'],
    ['a character no URL may hold', 'https://issuer.example\\@evil.example/', 'https://ä.example/'],
    ['a character no URL may hold', 'https://issuer.example/\n', 'https://iss\tuer.example/'],
    ['longer than 2048 characters', `https://issuer.example/${'a'.repeat(2048)}`],
    ['a private address', 'https://127.0.0.1/', 'https://10.1.2.3/', 'https://[::1]/'],
    ['a private address', 'https://2130706433/', 'https://0x7f.1/', 'https://0177.0.0.1/'],
    ['a private address', 'https://[::ffff:127.0.0.1]/', 'https://127.1/', 'https://[fc00::1]/'],
    ['an address that publishes nothing', 'https://169.254.169.254/', 'https://0/'],
    ['an address that publishes nothing', 'https://[fe80::1]/', 'https://[::ffff:169.254.169.254]'],
  ];
  for (const [problem, ...urls] of bad) {
    for (const url of urls) {
      const shown = url.length > 60 ? `${url.slice(0, 60)}…` : url;
      it(`may not be ${JSON.stringify(shown)}: ${problem}`, () => {
        assert.equal(keyUrlProblem(url, strict), problem);
      });
    }
  }

  it('may be plaintext and private where its issuer says so, never link-local', () => {
    assert.equal(keyUrlProblem('http://127.0.0.1:8080/keys', lax), undefined);
    assert.equal(keyUrlProblem('https://10.1.2.3/keys', lax), undefined);
    const metadata = keyUrlProblem('http://169.254.169.254/keys', lax);
    assert.equal(metadata, 'an address that publishes nothing');
    assert.equal(keyUrlProblem('ftp://127.0.0.1/keys', lax), 'not https');
  });
});
