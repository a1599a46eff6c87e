// Which operation a raw path is, at each level and with ambiguous paths denied or matched: a path
// that two parsers could read differently never reaches a rule unless the operator says so.

import assert from 'node:assert/strict';
import type { PathNormalization, Settings } from '../../engine/settings.ts';
import {
  CHECKOUT,
  GATEWAY,
  identity,
  meshWith,
  PAYMENTS,
  policy,
  service,
  snapshotOf,
} from '../engine/fixture.ts';
import { answerTo, bytesOf, outcomeOf, type Wire } from './fixture.ts';

function mesh(settings: Partial<Settings>) {
  const operations = {
    open: { http: 'GET /open/{rest=**}', resource: 'open/{path.rest}' },
    one: { http: 'GET /one/{id}', resource: 'one/{path.id}' },
    // The name of an operation is what the tables below say; nobody may do this one.
    admin: { http: 'GET /admin', resource: 'admin/all' },
    root: { http: 'GET /' },
  };
  const rule = { id: 'a', effect: 'permit', from: { principals: [CHECKOUT] }, to: {} };
  const documents = [
    service('payments', { destinations: [PAYMENTS], operations }),
    policy('p', [rule]),
    identity(CHECKOUT),
    GATEWAY,
  ];
  return snapshotOf(documents, settings);
}

/** The resource that a path means, else why it means none. */
function meaning(path: string, settings: Partial<Settings>): string {
  const message = bytesOf({ http: `GET ${path.replaceAll(' ', '\u0000')}` });
  const answer = answerTo(mesh(settings), message);
  const { access } = answer.verdict;
  if (access === undefined) return outcomeOf(answer);
  return `${access.resource.type}/${access.resource.id}`;
}

const AMBIGUOUS = 'ctx.ambiguous_path';
const NONE = 'ctx.unmapped_operation';
const LEVELS: readonly PathNormalization[] = [
  'NONE',
  'BASE',
  'MERGE_SLASHES',
  'DECODE_AND_MERGE_SLASHES',
];

/**
 * What the path means at each level when ambiguous paths are denied; one word when at all alike.
 */
const denied: { name: string; path: string; want: string | readonly string[] }[] = [
  { name: 'a plain path', path: '/one/17', want: 'one/17' },
  { name: 'a query', path: '/one/17?id=18&x=/../admin;a', want: 'one/17' },
  { name: 'a fragment', path: '/one/17#/../../admin', want: 'one/17' },
  { name: 'an encoded letter', path: '/%61dmin', want: 'admin/all' },
  { name: 'an encoded letter in a capture', path: '/one/%41', want: 'one/A' },
  { name: 'an encoded space', path: '/one/a%20b', want: 'one/a b' },
  { name: 'letters beyond ASCII, encoded', path: '/one/caf%C3%A9', want: 'one/café' },
  { name: 'letters beyond ASCII, as they are', path: '/one/café', want: 'one/café' },
  { name: 'another case', path: '/Admin', want: NONE },
  { name: 'a slash at the end', path: '/admin/', want: NONE },
  {
    name: 'dot segments',
    path: '/open/../admin',
    want: [AMBIGUOUS, 'admin/all', 'admin/all', 'admin/all'],
  },
  {
    name: 'encoded dot segments',
    path: '/open/%2e%2E/admin',
    want: [AMBIGUOUS, 'admin/all', 'admin/all', 'admin/all'],
  },
  {
    name: 'dots above the root',
    path: '/../../admin',
    want: [AMBIGUOUS, 'admin/all', 'admin/all', 'admin/all'],
  },
  { name: 'two slashes', path: '/open//x', want: [AMBIGUOUS, AMBIGUOUS, 'open/x', 'open/x'] },
  {
    name: 'two slashes first',
    path: '//admin',
    want: [AMBIGUOUS, AMBIGUOUS, 'admin/all', 'admin/all'],
  },
  { name: 'an encoded slash', path: '/one/a%2Fb', want: [AMBIGUOUS, AMBIGUOUS, AMBIGUOUS, NONE] },
  {
    name: 'an encoded slash and dots',
    path: '/open/..%2fadmin',
    want: [AMBIGUOUS, AMBIGUOUS, AMBIGUOUS, 'admin/all'],
  },
  {
    name: 'a backslash',
    path: '/open\\..\\admin',
    want: [AMBIGUOUS, 'admin/all', 'admin/all', 'admin/all'],
  },
  {
    name: 'an encoded backslash',
    path: '/open%5c..%5cadmin',
    want: [AMBIGUOUS, AMBIGUOUS, AMBIGUOUS, 'admin/all'],
  },
  { name: 'an encoded percent', path: '/%2561dmin', want: AMBIGUOUS },
  { name: 'half an escape', path: '/one/%4', want: AMBIGUOUS },
  { name: 'no escape', path: '/one/%zz', want: AMBIGUOUS },
  { name: 'a semicolon', path: '/admin;a=b', want: AMBIGUOUS },
  { name: 'a semicolon after dots', path: '/open/..;/admin', want: AMBIGUOUS },
  { name: 'an encoded semicolon', path: '/admin%3Ba', want: AMBIGUOUS },
  { name: 'an encoded zero', path: '/admin%00', want: AMBIGUOUS },
  { name: 'a zero', path: '/admin ', want: AMBIGUOUS },
  { name: 'an encoded line feed', path: '/one/a%0Ab', want: AMBIGUOUS },
  { name: 'a line feed', path: '/one/a\nb', want: AMBIGUOUS },
  { name: 'an encoded character that is none', path: '/one/%ff', want: AMBIGUOUS },
  { name: 'an overlong encoded slash', path: '/open/%c0%af', want: AMBIGUOUS },
  { name: 'what replaces a character', path: '/one/\ufffd', want: AMBIGUOUS },
  { name: 'no path', path: '', want: NONE },
  {
    name: 'a whole URL',
    path: 'https://payments.example/admin',
    want: [AMBIGUOUS, AMBIGUOUS, NONE, NONE],
  },
  {
    name: 'a path without its slash',
    path: 'admin',
    want: [NONE, 'admin/all', 'admin/all', 'admin/all'],
  },
];

describe('a path with', () => {
  for (const { name, path, want } of denied) {
    it(`${name} means ${typeof want === 'string' ? want : 'what its level says'}`, () => {
      for (const [index, pathNormalization] of LEVELS.entries()) {
        const expected = typeof want === 'string' ? want : want[index];
        assert.equal(meaning(path, { pathNormalization }), expected, pathNormalization);
      }
    });
  }
});

/** With `ambiguousPaths: match`, at NONE and at DECODE_AND_MERGE_SLASHES. */
const matched: { name: string; path: string; none: string; decode: string }[] = [
  { name: 'an encoded slash in a capture', path: '/one/a%2Fb', none: NONE, decode: NONE },
  { name: 'an encoded slash in a rest', path: '/open/a%2Fb', none: NONE, decode: 'open/a/b' },
  { name: 'an encoded slash in a literal', path: '/open%2Fx', none: NONE, decode: 'open/x' },
  {
    name: 'dot segments in a rest',
    path: '/open/../admin',
    none: NONE,
    decode: 'admin/all',
  },
  { name: 'an encoded percent', path: '/one/%2541', none: 'one/%41', decode: 'one/%41' },
  { name: 'half an escape', path: '/one/%4', none: NONE, decode: NONE },
  { name: 'no character', path: '/one/%ff', none: NONE, decode: NONE },
  { name: 'a semicolon', path: '/one/a;b', none: 'one/a;b', decode: 'one/a;b' },
  {
    name: 'dots with a semicolon',
    path: '/open/..;x/admin',
    none: 'open/..;x/admin',
    decode: 'admin/all',
  },
  { name: 'two slashes in a rest', path: '/open//x', none: NONE, decode: 'open/x' },
  { name: 'a zero', path: '/one/a%00', none: 'one/a\0', decode: AMBIGUOUS },
];

describe('an ambiguous path that is to be matched, with', () => {
  for (const { name, path, none, decode } of matched) {
    it(name, () => {
      const ambiguousPaths = 'match';
      assert.equal(meaning(path, { ambiguousPaths, pathNormalization: 'NONE' }), none);
      assert.equal(meaning(path, { ambiguousPaths }), decode);
    });
  }
});

describe('a connection without HTTP', () => {
  const db = { l4: { sni: '*.example', port: 5432 } };
  const rule = { id: 'a', effect: 'permit', from: { trustDomains: ['prod.example'] }, to: {} };
  const wire: Wire = { http: null, sni: 'db.example', port: 5432 };

  it('is an operation by server name and port (C-088)', () => {
    const snapshot = meshWith([rule], { db });
    assert.equal(outcomeOf(answerTo(snapshot, bytesOf(wire))), 'allow');
    for (const other of [{ port: 5433 }, { sni: 'db.other' }, { sni: '' }, { http: 'GET /a' }]) {
      const answer = answerTo(snapshot, bytesOf({ ...wire, ...other }));
      assert.equal(outcomeOf(answer), 'ctx.unmapped_operation');
    }
  });

  it('has name and port read where some operation has one, and nowhere else', () => {
    const read = (operation: object) => {
      const snapshot = meshWith([rule], { db: operation });
      const { view } = answerTo(snapshot, bytesOf(wire));
      return [view?.sni, view?.port];
    };
    assert.deepEqual(read(db), ['db.example', 5432]);
    assert.deepEqual(read({ l4: { sni: 'x.example' } }), ['db.example', 0]);
    assert.deepEqual(read({ l4: { port: 1 } }), ['', 5432]);
    assert.deepEqual(read({ l4: {} }), ['', 0]);
    assert.deepEqual(read({ http: 'GET /a' }), ['', 0]);
  });

  it('is none where no operation is for connections', () => {
    const answer = answerTo(mesh({}), bytesOf({ http: null }));
    assert.equal(outcomeOf(answer), 'ctx.unmapped_operation');
    assert.equal(answer.view?.hasHttp, false);
  });

  it('is told apart from HTTP without a path', () => {
    const answer = answerTo(mesh({}), bytesOf({ http: 'CONNECT' }));
    assert.equal(answer.view?.hasHttp, true);
    assert.equal(outcomeOf(answer), 'ctx.unmapped_operation');
  });
});
