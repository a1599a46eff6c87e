// Addresses as they stand in remit.yaml, and which of them only this host can reach (DESIGN 5.7).

import assert from 'node:assert/strict';
import { type Address, addressText, isLocal, parseAddress } from '../../server/address.ts';

const tcp = (host: string, port: number): Address => ({ kind: 'tcp', host, port });
const unix = (path: string): Address => ({ kind: 'unix', path });

const valid: { text: string; want: Address; local: boolean; shown?: string }[] = [
  { text: '127.0.0.1:9191', want: tcp('127.0.0.1', 9191), local: true },
  { text: '127.255.255.254:1', want: tcp('127.255.255.254', 1), local: true },
  { text: 'localhost:9191', want: tcp('localhost', 9191), local: true },
  { text: '[::1]:9191', want: tcp('::1', 9191), local: true },
  { text: '127.0.0.1:0', want: tcp('127.0.0.1', 0), local: true },
  { text: '127.0.0.1:65535', want: tcp('127.0.0.1', 65535), local: true },
  { text: '0.0.0.0:9191', want: tcp('0.0.0.0', 9191), local: false },
  { text: '[::]:9191', want: tcp('::', 9191), local: false },
  { text: '10.0.0.1:9191', want: tcp('10.0.0.1', 9191), local: false },
  { text: '128.0.0.1:9191', want: tcp('128.0.0.1', 9191), local: false },
  { text: '[2001:db8::1]:9191', want: tcp('2001:db8::1', 9191), local: false },
  { text: '[::ffff:127.0.0.1]:9191', want: tcp('::ffff:127.0.0.1', 9191), local: false },
  { text: 'unix:/run/remit.sock', want: unix('/run/remit.sock'), local: true },
  {
    text: 'unix:///run/remit.sock',
    want: unix('/run/remit.sock'),
    local: true,
    shown: 'unix:/run/remit.sock',
  },
];

const invalid: { text: string; why: string }[] = [
  { text: '', why: 'nothing' },
  { text: '9191', why: 'no host' },
  { text: ':9191', why: 'an empty host' },
  { text: '127.0.0.1', why: 'no port' },
  { text: '127.0.0.1:', why: 'an empty port' },
  { text: '127.0.0.1:65536', why: 'a port beyond 65535' },
  { text: '127.0.0.1:-1', why: 'a negative port' },
  { text: '127.0.0.1:http', why: 'a port that is no number' },
  { text: '127.0.0.1:9191 ', why: 'a space' },
  { text: '127.0.0.256:9191', why: 'an address that cannot be' },
  { text: '127.1:9191', why: 'an address cut short' },
  { text: 'remit.example:9191', why: 'a name, which may resolve to anything' },
  { text: '::1:9191', why: 'IPv6 without brackets' },
  { text: '[127.0.0.1]:9191', why: 'IPv4 in brackets' },
  { text: '[::1]', why: 'IPv6 without a port' },
  { text: 'http://127.0.0.1:9191', why: 'a URL' },
  { text: 'unix:', why: 'no path' },
  { text: 'unix:run/remit.sock', why: 'a relative path' },
];

describe('an address', () => {
  for (const { text, want, local, shown = text } of valid) {
    it(`may be \`${text}\`, which ${local ? 'only this host' : 'others'} can reach`, () => {
      const address = parseAddress(text);
      assert.deepEqual(address, want);
      assert.equal(isLocal(want), local);
      assert.equal(addressText(want), shown);
      assert.deepEqual(parseAddress(addressText(want)), want);
    });
  }

  for (const { text, why } of invalid) {
    it(`cannot be \`${text}\`: ${why}`, () => assert.equal(parseAddress(text), undefined));
  }
});
