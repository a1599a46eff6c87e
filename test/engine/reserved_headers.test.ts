// A permit may set headers for the upstream, but none by which the upstream, Envoy or Remit would
// take the request for another one or its caller for somebody else (DESIGN section 6).

import assert from 'node:assert/strict';
import { policy, service, textOf } from './fixture.ts';
import { toldOf } from './mistakes.ts';

const RESERVED = [
  ...['host', 'authorization', 'cookie', 'connection', 'content-length', 'expect', 'keep-alive'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-authorization', 'proxy-connection'],
  ...['x-http-method', 'x-http-method-override', 'x-method-override', 'x-original-url'],
  ...['x-rewrite-url', 'x-remit-principal', 'x-remit-', 'x-envoy-original-path'],
  ...['x-forwarded-for', 'x-forwarded-client-cert', 'sec-fetch-site', 'sec-websocket-key'],
];
const FREE = ['x-team', 'hosts', 'x-remit', 'cookies', 'x-forwardedfor', 'security', 'tea'];

function toldOfHeader(name: string): string[] {
  const obligations = { headers: { [name]: 'a' } };
  const from = { kinds: ['ci'] };
  const rules = [{ id: 'a', effect: 'permit', from, to: {}, obligations }];
  const documents = [service('s', { operations: { op: { http: 'GET /a' } } }), policy('p', rules)];
  return toldOf(textOf(documents)).map(([, message]) => message);
}

describe('a rule', () => {
  for (const name of RESERVED) {
    it(`may not set ${name}, however its dashes are written`, () => {
      for (const written of new Set([name, name.replaceAll('-', '_'), name.replace('-', '_')])) {
        assert.deepEqual(toldOfHeader(written), [`\`${written}\` is not for rules to set`]);
      }
    });
  }

  it('may set any other', () => {
    for (const name of FREE) assert.deepEqual(toldOfHeader(name), [], name);
  });
});
