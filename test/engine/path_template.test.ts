// Which operation a path is (DESIGN section 6, "Path"): one request is exactly one operation or
// none. Paths here are what is left after canonicalising; test/envoy says what that leaves.

import assert from 'node:assert/strict';
import {
  captureNames,
  parsePathTemplate,
  TemplateError,
} from '../../engine/policy/path_template.ts';
import { RouteTable } from '../../engine/policy/route_table.ts';
import { assertProportional } from '../support/linear.ts';

/** A table with one route for each template; a route is called by its template. */
function tableOf(...templates: string[]): RouteTable<string> {
  const table = new RouteTable<string>();
  for (const text of templates) {
    const [method, path] = text.startsWith('/') ? ['GET', text] : text.split(' ');
    const segments = parsePathTemplate(path!);
    assert.ok(Array.isArray(segments), `${path} is no template`);
    assert.ok(table.add(method!, segments, text), `${text} is a tie`);
  }
  return table;
}

/** The template that matches, and what it captures. */
function found(table: RouteTable<string>, path: string, method = 'GET'): string | undefined {
  const match = table.find(method, path);
  return match && [match.target, ...match.captures].join(' ');
}

const matching: { templates: string[]; path: string; want: string | undefined; name: string }[] = [
  { name: 'a literal is itself', templates: ['/a'], path: '/a', want: '/a' },
  { name: 'the root is a path', templates: ['/'], path: '/', want: '/' },
  { name: 'case matters', templates: ['/a'], path: '/A', want: undefined },
  { name: 'a trailing slash matters', templates: ['/a'], path: '/a/', want: undefined },
  { name: 'a trailing slash may be asked for', templates: ['/a/'], path: '/a/', want: '/a/' },
  { name: '… and must be there then', templates: ['/a/'], path: '/a', want: undefined },
  { name: 'a longer path is another', templates: ['/a'], path: '/a/b', want: undefined },
  { name: 'a prefix is another', templates: ['/a/b'], path: '/a', want: undefined },
  { name: 'no path is none', templates: ['/'], path: '', want: undefined },
  { name: 'a path without its slash is none', templates: ['/a'], path: 'a', want: undefined },
  { name: 'a literal compares decoded', templates: ['/admin'], path: '/%61dmin', want: '/admin' },
  { name: '… with its slash still a slash', templates: ['/a/b'], path: '/a%2Fb', want: undefined },
  { name: '… also beyond ASCII', templates: ['/café'], path: '/caf%C3%A9', want: '/café' },
  { name: '… once only', templates: ['/a'], path: '/%2561', want: undefined },
  { name: 'a capture is one segment', templates: ['/{x}'], path: '/a', want: '/{x} a' },
  { name: '… not two', templates: ['/{x}'], path: '/a/b', want: undefined },
  { name: '… not none', templates: ['/a/{x}'], path: '/a/', want: undefined },
  { name: '… not an empty one inside', templates: ['/a/{x}/b'], path: '/a//b', want: undefined },
  { name: '… decoded', templates: ['/{x}'], path: '/a%20b%2B', want: '/{x} a b+' },
  { name: '… once', templates: ['/{x}'], path: '/%2541', want: '/{x} %41' },
  { name: '… or not at all', templates: ['/{x}'], path: '/a%zz', want: undefined },
  { name: '… not as half a character', templates: ['/{x}'], path: '/%C3', want: undefined },
  { name: '… not as an overlong one', templates: ['/{x}'], path: '/%C0%AF', want: undefined },
  { name: '… not with a slash in it', templates: ['/{x}'], path: '/a%2fb', want: undefined },
  { name: '… with anything else in it', templates: ['/{x}'], path: '/*', want: '/{x} *' },
  {
    name: 'several captures are told apart',
    templates: ['/{a}/x/{b}'],
    path: '/1/x/2',
    want: '/{a}/x/{b} 1 2',
  },
  { name: 'the rest is many segments', templates: ['/{r=**}'], path: '/a/b', want: '/{r=**} a/b' },
  { name: '… or one', templates: ['/a/{r=**}'], path: '/a/b', want: '/a/{r=**} b' },
  {
    name: '… without a slash at the end, which names the same thing',
    templates: ['/a/{r=**}'],
    path: '/a/b/c/',
    want: '/a/{r=**} b/c',
  },
  { name: '… without empty segments', templates: ['/a/{r=**}'], path: '/a/b//c', want: undefined },
  { name: '… without an empty start', templates: ['/a/{r=**}'], path: '/a//b', want: undefined },
  { name: '… without dot segments', templates: ['/a/{r=**}'], path: '/a/./b', want: undefined },
  {
    name: 'a capture is no dot segment',
    templates: ['/a/{x}'],
    path: '/a/%2e%2e',
    want: undefined,
  },
  { name: '… never nothing', templates: ['/a/{r=**}'], path: '/a/', want: undefined },
  { name: '… never nothing at the root', templates: ['/{r=**}'], path: '/', want: undefined },
  { name: '… not without its slash', templates: ['/a/{r=**}'], path: '/a', want: undefined },
  { name: '… decoded once', templates: ['/{r=**}'], path: '/a%20/%2541', want: '/{r=**} a /%41' },
  { name: '… not with an encoded slash', templates: ['/{r=**}'], path: '/a%2Fb', want: undefined },
  { name: '… not undecodable', templates: ['/{r=**}'], path: '/a/%ff', want: undefined },
  {
    name: 'a literal beats a capture',
    templates: ['/{x}', '/me'],
    path: '/me',
    want: '/me',
  },
  {
    name: '… also encoded',
    templates: ['/{x}', '/me'],
    path: '/%6de',
    want: '/me',
  },
  {
    name: '… at the first segment that differs',
    templates: ['/{x}/b', '/a/{y}'],
    path: '/a/b',
    want: '/a/{y} b',
  },
  {
    name: '… unless it leads nowhere',
    templates: ['/{x}/b', '/a/c'],
    path: '/a/b',
    want: '/{x}/b a',
  },
  {
    name: 'a capture beats the rest',
    templates: ['/{r=**}', '/{x}'],
    path: '/a',
    want: '/{x} a',
  },
  {
    name: 'longer beats shorter',
    templates: ['/{r=**}', '/a/{r=**}', '/a/b/{r=**}'],
    path: '/a/b/c',
    want: '/a/b/{r=**} c',
  },
  {
    name: '… unless it leads nowhere',
    templates: ['/{r=**}', '/a/b/{r=**}'],
    path: '/a/b/',
    want: '/{r=**} a/b',
  },
  {
    name: 'captures of a way that leads nowhere are forgotten',
    templates: ['/{x}/{y}/c', '/{r=**}'],
    path: '/1/2/3',
    want: '/{r=**} 1/2/3',
  },
  {
    name: 'what cannot be decoded does not fall through to the rest',
    templates: ['/{x}', '/{r=**}'],
    path: '/%ff',
    want: undefined,
  },
  {
    name: 'names that every object has are segments like any other',
    templates: ['/a'],
    path: '/constructor/__proto__/toString',
    want: undefined,
  },
];

describe('a path and its operation:', () => {
  for (const [index, { name, templates, path, want }] of matching.entries()) {
    it(`${index + 1}. ${name}`, () => assert.equal(found(tableOf(...templates), path), want));
  }

  it('the order of operations never matters', () => {
    for (const { templates, path, want } of matching) {
      assert.equal(found(tableOf(...templates.toReversed()), path), want, templates.join(' '));
    }
  });

  it('methods are apart, case matters, and HEAD is GET', () => {
    const table = tableOf('GET /a', 'POST /a', 'DELETE /b');
    assert.equal(found(table, '/a', 'POST'), 'POST /a');
    assert.equal(found(table, '/a', 'HEAD'), 'GET /a');
    for (const method of ['PUT', 'get', 'head', '', 'GET ', 'constructor', '__proto__']) {
      assert.equal(found(table, '/a', method), undefined, method);
    }
    assert.equal(found(table, '/b', 'HEAD'), undefined);
  });

  it('costs no more than the depth of the templates, however long the path is', () => {
    const table = tableOf('/{a}/{b}/{c}/x', '/{a}/b/{c}/y', '/a/{b}/c/{d=**}');
    assertProportional(
      100_000,
      (size) => `/a/b${'/c'.repeat(size)}%ff`,
      (path) => assert.equal(found(table, path), undefined),
    );
  });
});

const ties: [string, string][] = [
  ['/a', '/a'],
  ['/{x}', '/{y}'],
  ['/{x}/b', '/{y}/b'],
  ['/{r=**}', '/{s=**}'],
  ['/a/{r=**}', '/a/{s=**}'],
  ['/a/', '/a/'],
];

describe('two templates that match alike', () => {
  for (const [one, other] of ties) {
    it(`are a tie: ${one} and ${other}`, () => {
      const table = tableOf(one);
      const segments = parsePathTemplate(other);
      assert.ok(Array.isArray(segments));
      assert.equal(table.add('GET', segments, 'other'), false);
      assert.equal(table.add('POST', segments, 'other'), true, 'of another method it is none');
    });
  }
});

const invalid: [string, string][] = [
  ['a', 'a path starts with `/`'],
  ['', 'a path starts with `/`'],
  ['//', '`//` never occurs in a path'],
  ['/a//b', '`//` never occurs in a path'],
  ['/a/../b', 'a dot segment never occurs in a path'],
  ['/.', 'a dot segment never occurs in a path'],
  ['/{a}/{a}', 'a second capture `a`'],
  ['/{a}/{a=**}', 'a second capture `a`'],
  ['/{a=**}/b', '`{a=**}` stands before the end'],
  ['/{a=*}', '`{a=*}` is neither literal text nor a capture'],
  ['/{}', '`{}` is neither literal text nor a capture'],
  ['/{1}', '`{1}` is neither literal text nor a capture'],
  ['/{a', '`{a` is neither literal text nor a capture'],
  ['/x{a}', '`x{a}` is neither literal text nor a capture'],
  ['/{a}.json', '`{a}.json` is neither literal text nor a capture'],
  ['/a*', '`a*` is neither literal text nor a capture'],
  ['/**', '`**` is neither literal text nor a capture'],
  ['/a%20b', '`a%20b` is neither literal text nor a capture'],
  ['/a;b', '`a;b` is neither literal text nor a capture'],
  ['/a\\b', '`a\\b` is neither literal text nor a capture'],
  ['/a?b=c', '`a?b=c` is neither literal text nor a capture'],
  ['/a#b', '`a#b` is neither literal text nor a capture'],
];

describe('a path template', () => {
  for (const [text, message] of invalid) {
    it(`is not ${JSON.stringify(text)}: ${message}`, () => {
      const error = parsePathTemplate(text);
      assert.ok(error instanceof TemplateError);
      assert.equal(error.message, message);
    });
  }

  it('names its captures in order', () => {
    const segments = parsePathTemplate('/{tenant}/x/{_a1}/{rest=**}');
    assert.ok(Array.isArray(segments));
    assert.deepEqual(captureNames(segments), ['tenant', '_a1', 'rest']);
  });
});
