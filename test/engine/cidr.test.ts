// IP addresses and blocks: which texts are addresses, and which addresses lie in a block.

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { parseCidr, parseIp } from '../../engine/cidr.ts';

/** Bytes as numbers between dots; `-` where it is no address. */
function told(text: string): string {
  return parseIp(text)?.join('.') ?? '-';
}

const addresses: [name: string, text: string, bytes: string][] = [
  ['IPv4', '192.0.2.1', '192.0.2.1'],
  ['the least and the greatest byte', '0.0.255.255', '0.0.255.255'],
  ['a byte beyond 255', '192.0.2.256', '-'],
  ['a byte of four digits', '192.0.2.1000', '-'],
  ['a leading zero, which may be octal', '192.0.2.010', '-'],
  ['two zeros', '192.0.2.00', '-'],
  ['three bytes, which some expand', '192.0.2', '-'],
  ['one number, which some split', '3221225985', '-'],
  ['five bytes', '192.0.2.1.1', '-'],
  ['an empty byte', '192..2.1', '-'],
  ['a dot at the end', '192.0.2.1.', '-'],
  ['hexadecimal', '0xc0.0.2.1', '-'],
  ['a sign', '+192.0.2.1', '-'],
  ['a space', ' 192.0.2.1', '-'],
  ['a port', '192.0.2.1:80', '-'],
  ['digits of another script', '١.0.2.1', '-'],
  ['nothing', '', '-'],
  ['IPv6', '2001:db8:1:2:3:4:5:6', '32.1.13.184.0.1.0.2.0.3.0.4.0.5.0.6'],
  ['capitals and zeros in front', '2001:0DB8::000A', '32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.10'],
  ['zeros left out at the front', '::1', '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1'],
  ['zeros left out at the end', 'fe80::', '254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.0'],
  ['all zeros', '::', '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0'],
  ['one group of zeros left out', '1:2:3:4:5:6:7::', '0.1.0.2.0.3.0.4.0.5.0.6.0.7.0.0'],
  ['IPv4 at the end', '64:ff9b::192.0.2.1', '0.100.255.155.0.0.0.0.0.0.0.0.192.0.2.1'],
  ['IPv4 behind six groups', '1:2:3:4:5:6:192.0.2.1', '0.1.0.2.0.3.0.4.0.5.0.6.192.0.2.1'],
  [
    'IPv4 that is only compatible, which stays IPv6',
    '::192.0.2.1',
    '0.0.0.0.0.0.0.0.0.0.0.0.192.0.2.1',
  ],
  ['a mapped IPv4, which is IPv4', '::ffff:192.0.2.1', '192.0.2.1'],
  ['a mapped IPv4 in groups', '::FFFF:c000:201', '192.0.2.1'],
  ['a mapped IPv4 in full', '0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['one bit away from mapped', '::1:ffff:192.0.2.1', '0.0.0.0.0.0.0.0.0.1.255.255.192.0.2.1'],
  ['one bit away from mapped, below', '::fffe:192.0.2.1', '0.0.0.0.0.0.0.0.0.0.255.254.192.0.2.1'],
  ['seven groups', '1:2:3:4:5:6:7', '-'],
  ['nine groups', '1:2:3:4:5:6:7:8:9', '-'],
  ['nothing left out', '1:2:3:4::5:6:7:8', '-'],
  ['zeros left out twice', '1::2::3', '-'],
  ['three colons', '1:::2', '-'],
  ['a colon at the beginning', ':1:2:3:4:5:6:7', '-'],
  ['a colon at the end', '1:2:3:4:5:6:7:', '-'],
  ['a colon at the end behind what is left out', '1::2:', '-'],
  ['five digits', '1::00001', '-'],
  ['a zone', 'fe80::1%eth0', '-'],
  ['brackets', '[::1]', '-'],
  ['IPv4 in the middle', '::192.0.2.1:1', '-'],
  ['IPv4 before what is left out', '192.0.2.1::', '-'],
  ['IPv4 with a leading zero', '::ffff:192.0.2.01', '-'],
  ['IPv4 behind seven groups', '1:2:3:4:5:6:7:192.0.2.1', '-'],
  [
    'the longest text',
    'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255',
    '255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255',
  ],
  ['a longer one', '0ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', '-'],
];

/** `family/bits`, or `-`. */
function block(text: string): string {
  const cidr = parseCidr(text);
  return cidr === undefined ? '-' : `${cidr.family}/${cidr.prefixBits}`;
}

const blocks: [name: string, text: string, want: string][] = [
  ['IPv4', '10.0.0.0/8', '4/8'],
  ['one address', '10.1.2.3', '4/32'],
  ['one address with its length', '10.1.2.3/32', '4/32'],
  ['all of IPv4', '0.0.0.0/0', '4/0'],
  ['zero alone, which is one address', '0.0.0.0', '4/32'],
  ['IPv6', '2001:db8::/32', '6/32'],
  ['one address of IPv6', '::1', '6/128'],
  ['all of IPv6', '::/0', '6/0'],
  ['a length inside a byte', '10.128.0.0/9', '4/9'],
  ['a mapped block', '::ffff:10.0.0.0/104', '4/8'],
  ['all that is mapped', '::ffff:0:0/96', '4/0'],
  ['a mapped address', '::ffff:10.1.2.3', '4/32'],
  ['a mapped block with the length of IPv4', '::ffff:10.0.0.0/8', '-'],
  ['more than all that is mapped', '::ffff:0:0/95', '-'],
  ['bits below the length', '10.1.0.0/8', '-'],
  ['one bit below the length', '10.128.0.0/8', '-'],
  ['the last bit', '10.0.0.1/31', '-'],
  ['a bit below no length', '0.0.0.1/0', '-'],
  ['bits below the length of IPv6', '2001:db8::1/32', '-'],
  ['a length beyond IPv4', '10.0.0.0/33', '-'],
  ['a length beyond IPv6', '::/129', '-'],
  ['no length behind the slash', '10.0.0.0/', '-'],
  ['a leading zero', '10.0.0.0/08', '-'],
  ['a sign', '10.0.0.0/+8', '-'],
  ['a space', '10.0.0.0/ 8', '-'],
  ['a mask', '10.0.0.0/255.0.0.0', '-'],
  ['two slashes', '10.0.0.0/8/8', '-'],
  ['no address', '/8', '-'],
  ['a star', '10.*', '-'],
];

const memberships: [cidr: string, inside: string[], outside: string[]][] = [
  [
    '10.0.0.0/8',
    ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'],
    ['9.255.255.255', '11.0.0.0', '::10.1.2.3', '::a00:0'],
  ],
  ['10.128.0.0/9', ['10.128.0.0', '10.255.255.255'], ['10.127.255.255', '11.128.0.0']],
  ['10.1.2.3', ['10.1.2.3', '::ffff:a01:203'], ['10.1.2.2', '10.1.2.4']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::', '2001:db8::1']],
  ['::/0', ['::', '2001:db8::1'], ['10.1.2.3', '::ffff:10.1.2.3']],
  ['2001:db8::/33', ['2001:db8::', '2001:db8:7fff::1'], ['2001:db8:8000::', '2001:db9::']],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.0', '::10.1.2.3']],
];

const BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

describe('an IP address', () => {
  for (const [name, text, bytes] of addresses) {
    it(`is read or refused: ${name}`, () => assert.equal(told(text), bytes));
  }

  it('takes any byte at any place', () => {
    const accepted = (textOf: (byte: string) => string) =>
      BYTES.filter((byte) => told(textOf(byte)) !== '-').join('');
    const DIGITS = '0123456789';
    const HEX = `${DIGITS}ABCDEFabcdef`;
    const classes: [textOf: (byte: string) => string, want: string][] = [
      [(byte) => `${byte}.0.2.1`, DIGITS],
      [(byte) => `1${byte}.0.2.1`, DIGITS],
      [(byte) => `${byte}1.0.2.1`, DIGITS.slice(1)],
      [(byte) => `192.0.2.1${byte}`, DIGITS],
      [(byte) => `192.0.2${byte}1`, '.'],
      [(byte) => `2001:db8::${byte}`, `:${HEX}`.slice(1)],
      [(byte) => `2001:db8::${byte}1`, HEX],
      [(byte) => `${byte}::1`, HEX],
      [(byte) => `::1${byte}`, HEX],
      [(byte) => `1:2:3:4:5:6:7${byte}8`, ':'],
      [(byte) => `::1${byte}2`, `:${HEX}`],
    ];
    for (const [textOf, want] of classes) {
      assert.equal(accepted(textOf), [...want].sort().join(''), textOf('?'));
    }
  });

  it('is one exactly where Node says so, but for zones', () => {
    const seeds = fc.constantFrom(...addresses.map(([, text]) => text));
    const characters = fc.constantFrom(...'0123456789abcdefF:.:.:g/ ');
    let found = 0;
    fc.assert(
      fc.property(seeds, fc.nat(45), fc.nat(2), characters, (seed, at, cut, character) => {
        const text = seed.slice(0, at) + character + seed.slice(at + cut);
        if (text.includes('%')) return;
        assert.equal(parseIp(text) !== undefined, isIP(text) !== 0, text);
        if (isIP(text) !== 0) found++;
      }),
      { numRuns: 20_000 },
    );
    assert.ok(found > 1000, `${found}`);
  });

  it('is itself again when it is written in full', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const hex = Buffer.from(bytes).toString('hex');
        const text = hex.match(/.{4}/g)!.join(':');
        assert.equal(Buffer.from(parseIp(text)!).toString('hex'), hex);
        assert.deepEqual(parseIp(text.replace(/\b0{1,3}/g, '')), parseIp(text));
      }),
    );
  });
});

describe('a block of addresses', () => {
  for (const [name, text, want] of blocks) {
    it(`is read or refused: ${name}`, () => assert.equal(block(text), want));
  }

  for (const [text, inside, outside] of memberships) {
    it(`${text} contains what it should, and nothing else`, () => {
      const cidr = parseCidr(text);
      assert.ok(cidr !== undefined);
      for (const ip of inside) assert.ok(cidr.contains(parseIp(ip)!), ip);
      for (const ip of outside) assert.ok(!cidr.contains(parseIp(ip)!), ip);
    });
  }

  it('contains an address exactly if the first bits agree', () => {
    const bits = (bytes: Uint8Array) =>
      [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 32 }), fc.nat(31), (ip, length, flipped) => {
        const number = ip.reduce((all, byte) => all * 256 + byte, 0);
        const network = number - (number % 2 ** (32 - length));
        const parts = [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256);
        const cidr = parseCidr(`${parts.join('.')}/${length}`);
        assert.ok(cidr !== undefined);
        assert.ok(cidr.contains(ip));
        const other = Uint8Array.from(ip);
        other[flipped >> 3]! ^= 0x80 >> (flipped & 7);
        const same = bits(ip).slice(0, length) === bits(other).slice(0, length);
        assert.equal(cidr.contains(other), same);
      }),
    );
  });

  it('takes any byte in its length', () => {
    const accepted = (textOf: (byte: string) => string) =>
      BYTES.filter((byte) => block(textOf(byte)) !== '-').join('');
    assert.equal(
      accepted((byte) => `0.0.0.0/${byte}`),
      '0123456789',
    );
    assert.equal(
      accepted((byte) => `0.0.0.0/1${byte}`),
      '0123456789',
    );
    assert.equal(
      accepted((byte) => `0.0.0.0/3${byte}`),
      '012',
    );
    assert.equal(
      accepted((byte) => `0.0.0.0${byte}8`),
      '/',
    );
  });
});
