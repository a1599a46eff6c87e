// Addresses and blocks in conditions: a table of what is one and what is in what, with the names
// and the meaning of Kubernetes' libraries.

import assert from 'node:assert/strict';
import { verdict } from './fixture.ts';

describe('addresses in conditions', () => {
  const addresses: [text: string, canonical: string | undefined][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['1:0:0:4:0:0:0:8', '1:0:0:4::8'],
    ['', undefined],
    ['10.0.0', undefined],
    ['10.0.0.1.', undefined],
    ['10.0.0.256', undefined],
    ['10.0.0.01', undefined],
    ['010.0.0.1', undefined],
    ['0x0a.0.0.1', undefined],
    ['10.0.0.1 ', undefined],
    ['10.0.0.1/8', undefined],
    ['167772161', undefined],
    [':', undefined],
    [':::', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['1:2:3:4::5:6:7:8', undefined],
    ['12345::', undefined],
    ['g::', undefined],
    ['fe80::1%eth0', undefined],
    ['::ffff:10.0.0.1', undefined],
    ['::ffff:a00:1', undefined],
    ['1::ffff:a00:1', '1::ffff:a00:1'],
    ['::1:ffff:a00:1', '::1:ffff:a00:1'],
    ['::fffe:a00:1', '::fffe:a00:1'],
    ['::feff:a00:1', '::feff:a00:1'],
    ['[::1]', undefined],
  ];
  for (const [text, canonical] of addresses) {
    const name = canonical === undefined ? 'is none' : `is ${canonical}`;
    it(`\`${text}\` ${name}`, () => {
      const values = { principal: { id: text } };
      assert.equal(verdict('isIP(principal.id)', values), String(canonical !== undefined));
      const want = canonical === undefined ? 'invalid_argument' : 'true';
      assert.equal(verdict(`string(ip(principal.id)) == '${canonical}'`, values), want);
      if (canonical === undefined) return;
      const isCanonical = String(text === canonical);
      assert.equal(verdict('ip.isCanonical(principal.id)', values), isCanonical);
    });
  }

  const conditions: [text: string, want: string][] = [
    ["cidr('10.0.0.0/8').containsIP('10.255.0.1')", 'true'],
    ["cidr('10.0.0.0/8').containsIP('11.0.0.0')", 'false'],
    ["cidr('10.0.0.0/8').containsIP(ip('10.1.1.1'))", 'true'],
    ["cidr('10.0.0.0/8').containsIP('::1')", 'false'],
    ["cidr('0.0.0.0/0').containsIP('::1')", 'false'],
    ["cidr('::/0').containsIP('10.0.0.1')", 'false'],
    ["cidr('0.0.0.0/0').containsIP('203.0.113.7')", 'true'],
    ["cidr('10.0.0.5/8').containsIP('10.9.9.9')", 'true'],
    ["cidr('10.0.0.128/25').containsIP('10.0.0.127')", 'false'],
    ["cidr('10.0.0.128/25').containsIP('10.0.0.128')", 'true'],
    ["cidr('10.0.0.1/32').containsIP('10.0.0.1')", 'true'],
    ["cidr('2001:db8::/33').containsIP('2001:db8:8000::')", 'false'],
    ["cidr('2001:db8::/32').containsIP('2001:db8:8000::')", 'true'],
    ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", 'true'],
    ["cidr('10.0.0.0/8').containsCIDR('10.0.0.0/8')", 'true'],
    ["cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')", 'false'],
    ["cidr('10.0.0.0/8').containsCIDR(cidr('11.0.0.0/9'))", 'false'],
    ["cidr('10.0.0.0/8').containsCIDR('::/64')", 'false'],
    ["isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0') || isCIDR('10.0.0.0/08')", 'false'],
    ["isCIDR('10.0.0.0/-1') || isCIDR('10.0.0.0/') || isCIDR('::/129') || isCIDR('/8')", 'false'],
    ["isCIDR('::/128') && isCIDR('0.0.0.0/0')", 'true'],
    ["cidr('10.0.0.5/8').ip() == ip('10.0.0.5')", 'true'],
    ["string(cidr('10.1.2.3/12').masked()) == '10.0.0.0/12'", 'true'],
    ["string(cidr('2001:db8:ffff::/33').masked()) == '2001:db8:8000::/33'", 'true'],
    ["cidr('10.0.0.0/8').prefixLength() == 8", 'true'],
    [
      "cidr('10.0.0.0/8') == cidr('10.0.0.0/8') && cidr('10.0.0.0/8') != cidr('10.0.0.0/9')",
      'true',
    ],
    ["ip('::1') == ip('0:0:0:0:0:0:0:1') && ip('::1') != ip('::2')", 'true'],
    ["ip('10.0.0.1').family() == 4 && ip('::1').family() == 6", 'true'],
    ["ip('127.8.0.1').isLoopback() && ip('::1').isLoopback()", 'true'],
    ["ip('10.0.0.1').isLoopback() || ip('::2').isLoopback()", 'false'],
    ["ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified()", 'true'],
    ["ip('169.254.169.254').isLinkLocalUnicast() && ip('febf::').isLinkLocalUnicast()", 'true'],
    ["ip('169.255.0.0').isLinkLocalUnicast() || ip('fec0::').isLinkLocalUnicast()", 'false'],
    ["ip('224.0.0.5').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()", 'true'],
    ["ip('224.0.1.5').isLinkLocalMulticast() || ip('ff05::1').isLinkLocalMulticast()", 'false'],
    ["ip('10.0.0.1').isGlobalUnicast() && ip('2001:db8::1').isGlobalUnicast()", 'true'],
    ["ip('255.255.255.255').isGlobalUnicast() || ip('ff05::1').isGlobalUnicast()", 'false'],
    ["type(ip('::1')) == net.IP && type(cidr('::/0')) == net.CIDR", 'true'],
    ['cidr("10.0.0.0/8").containsIP(principal.id)', 'invalid_argument'],
  ];
  for (const [text, want] of conditions) {
    it(`${text} is ${want}`, () => assert.equal(verdict(text), want));
  }
});
