// A subject of a token is text of its issuer's users: any letter but control characters. What a
// response says of it must be that very name, in bytes that Envoy and HTTP can carry.

import assert from 'node:assert/strict';
import type { Principal } from '../../engine/access_request.ts';
import { encodeCheckResponse } from '../../envoy/check_response.ts';
import { checkResponseToJson } from '../../proto/protojson.ts';
import { decisionId } from '../../workers/decision_id.ts';
import { verdictOn } from '../engine/fixture.ts';
import { accessToken, bearer, CI, issuer, mesh, rule } from '../identity/token_fixture.ts';

const USERS = {
  kind: 'Identity',
  metadata: { name: 'users' },
  spec: { issuer: 'ci', subject: 'user:*', kind: 'human' },
};
const MESH = mesh([issuer(), CI, USERS], [rule('users', { from: { kinds: ['human'] } })]);

interface Told {
  readonly okResponse?: { readonly headers: { header: { key: string; value: string } }[] };
}

function responseTo(sub: string): { header: string; principal: Principal } {
  const verdict = verdictOn(MESH, bearer(accessToken({ claims: { sub } })));
  const { principal } = verdict;
  assert.ok(principal);
  const bytes = encodeCheckResponse(verdict, decisionId(0), 'http');
  const { okResponse } = checkResponseToJson(bytes) as Told;
  const set = okResponse?.headers.find(({ header }) => header.key === 'x-remit-principal');
  return { header: set?.header.value ?? '', principal };
}

describe('a subject that is not of plain letters', () => {
  it('stands in a response that Envoy can read, allowed or not', () => {
    // What protobuf calls text is UTF-8; Envoy takes any other response for an error of ours, and
    // `failure_mode_allow` would let the request pass.
    for (const sub of ['user:jos\u00e9', 'jos\u00e9', 'user:\u{1f600}', '\u{1f600}']) {
      assert.doesNotThrow(() => responseTo(sub), sub);
    }
  });

  it('is nobody else upstream', () => {
    // U+0161 would be `a` as one byte, U+010D and U+010A a line break.
    const subjects = ['user:\u0161lice', 'user:a\u010d\u010ax-admin: 1', 'user:alice ', 'user: a'];
    for (const sub of [...subjects, 'user:alice\u00a0', `user:${'\u017f'.repeat(36)}`]) {
      const { header, principal } = responseTo(sub);
      assert.equal(principal.id, `ci#${sub}`);
      assert.match(header, /^[!-~]+$/, sub);
      assert.equal(decodeURIComponent(header), principal.id);
    }
  });

  it('differs from one that is written like its escapes', () => {
    assert.notEqual(responseTo('user:%20').header, responseTo('user: ').header);
    assert.equal(responseTo('user:a/b@c.example|d').header, 'ci#user:a/b@c.example|d');
  });
});
