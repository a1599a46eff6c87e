// DESIGN 5.3: a missing header cannot deny everyone, since a forbid that reads what may be absent
// without having made sure of it is a mistake when it is loaded.

import assert from 'node:assert/strict';
import { errorsOf } from './fixture.ts';

describe('in a forbid', () => {
  const guarded = [
    'has(request.body) && has(request.body.amount) && request.body.amount > 5',
    'has(request.body) && request.body.currency == "EUR"',
    '!has(request.body) || request.body.currency == "EUR"',
    'has(request.body) ? request.body.currency == "EUR" : true',
    '!has(request.body) ? true : request.body.currency == "EUR"',
    '!(!has(request.body)) && request.body.currency == "EUR"',
    'request.?body.?amount.orValue(0) > 5',
    'request.?body.hasValue() && request.?body.value().currency == "EUR"',
    'request.?body.?currency.optMap(c, c == "EUR").orValue(false)',
    '"a" in request.headers && request.headers["a"] == "b"',
    '"a" in request.headers && request.headers.a == "b"',
    'has(request.headers.a) && request.headers["a"] == "b"',
    'request.path in request.headers && request.headers[request.path] == "b"',
    'request.headers[?"a"].orValue("") == "b"',
    'context.?a.optMap(c, c == "EUR").orValue(false)',
    'dyn(request.?body.?currency).optMap(c, c == "EUR").orValue(false)',
    'dyn(request.?body).optFlatMap(b, b.?currency).orValue("") == "EUR"',
    'request.headers.exists(k, request.headers[k] == "b")',
    'request.headers.exists(k, k.startsWith("x-") && request.headers[k] == "b")',
    'size(principal.roles) > 1 && principal.roles[1] == "a"',
    'principal.roles.size() >= 1 && principal.roles[0] == "a"',
    '0 < size(principal.roles) && principal.roles[0] == "a"',
    'size(principal.roles) != 0 && principal.roles[0] == "a"',
    'request.parts.exists(p, has(p.name) && p.name == "a")',
    'request.parts.filter(p, has(p.name)).exists(p, p.size > 3)',
    'request.parts.map(p, has(p.name), p.name) == []',
    'has(context.a) && has(context.a.b) && context.a.b == 1',
    'principal.id == "a" && resource.tier > 1',
    'has(principal.tenant) && has(resource.tenant) && principal.tenant != resource.tenant',
    'type(principal.id) == google.protobuf.Timestamp',
    'request.headers.exists(k, v, v == "b" && request.headers[k] == "b")',
    'principal.roles.exists(i, r, principal.roles[i] == r)',
    'request.parts.all(i, p, has(p.name) && p.name == "a" && i < 3)',
    'request.headers.transformMap(k, v, v + "x") == {}',
    '"a" in request.headers && [request.headers.a] == ["b"]',
    '-size(principal.roles) < 0 && resource.tier > 1',
    '3 == 3 && size("a") == size("b")',
    'size(principal.roles) > 100 && principal.roles[15] == "a"',
    'size(principal.roles) == size(request.parts) || size("a" + "b") > 1',
    'optional.of(1).hasValue() && (request.path + "a").size() > resource.tier',
    'has({"a": 1}.a) && {"a": [1]}.?a[0].hasValue()',
    '(request.path + "a") in request.headers',
    'request.?body.amount.orValue(1) > 1',
  ];
  for (const text of guarded) {
    it(`may stand: ${text}`, () => assert.deepEqual(errorsOf(text, true), []));
  }

  /** What may be absent stands between « and ». */
  const unguarded: [marked: string, path: string][] = [
    ['request.«body».currency == "EUR"', 'request.body'],
    ['has(request.body) && request.body.«amount» > 5', 'request.body.amount'],
    ['has(request.«body».amount)', 'request.body'],
    ['has(request.body) || request.«body».currency == "EUR"', 'request.body'],
    ['!has(request.body) && request.«body».currency == "EUR"', 'request.body'],
    ['request.«body».currency == "EUR" && has(request.body)', 'request.body'],
    ['has(request.body) ? true : request.«body».currency == "EUR"', 'request.body'],
    ['(has(request.body) || true) && request.«body».currency == "EUR"', 'request.body'],
    ['request.headers«[»"a"] == "b"', "request.headers['a']"],
    ['request.headers.«a» == "b"', 'request.headers.a'],
    ['"b" in request.headers && request.headers«[»"a"] == "b"', "request.headers['a']"],
    ['"a" in principal.attributes && request.headers«[»"a"] == "b"', "request.headers['a']"],
    ['principal.roles«[»0] == "b"', 'principal.roles[0]'],
    ['size(principal.roles) > 0 && principal.roles«[»1] == "b"', 'principal.roles[1]'],
    ['size(principal.roles) < 2 && principal.roles«[»1] == "b"', 'principal.roles[1]'],
    ['"a" in principal.roles && principal.roles«[»0] == "b"', 'principal.roles[0]'],
    ['request.parts.exists(p, p.«name» == "a")', 'p.name'],
    ['request.parts.exists(p, has(p.name)) && request.parts.all(p, p.«name» == "a")', 'p.name'],
    ['request.headers.all(k, principal.attributes«[»k] == "a")', 'principal.attributes[k]'],
    ['context.«a» == 1', 'context.a'],
    ['has(context.a) && context.a.«b» == 1', 'context.a.b'],
    ['1 in context && context«[»1] == 1', 'context[1]'],
    ['request.?body.«value»().currency == "EUR"', 'request.?body'],
    ['principal.«tenant» != "a"', 'principal.tenant'],
    ['request.headers.exists(k, v, principal.attributes«[»k] == v)', 'principal.attributes[k]'],
    ['request.headers.exists(k, v, request.headers«[»v] == v)', 'request.headers[v]'],
    ['principal.roles.exists(r, principal.roles«[»0] == r)', 'principal.roles[0]'],
    ['request.parts.exists(i, p, request.parts[i].size > 1 && p.«name» == "a")', 'p.name'],
    ['context.exists(k, context«[»k] == 1)', 'context[k]'],
    ['request.headers«[»request.path + "a"] == "b"', 'request.headers[…]'],
    ['request.?headers[?"a"].«value»() == "b"', "request.?headers[?'a']"],
    ['{"a": resource.tier}.«b» == 1', '….b'],
    ['size(principal.roles) > 100 && principal.roles«[»16] == "a"', 'principal.roles[16]'],
    ['size(principal.roles) != 1 && principal.roles«[»0] == "a"', 'principal.roles[0]'],
    ['cel.bind(b, request.«body», b.currency == "EUR")', 'request.body'],
  ];
  for (const [marked, path] of unguarded) {
    it(`is refused: ${marked}`, () => {
      const [error, ...more] = errorsOf(marked.replace(/[«»]/g, ''), true);
      assert.deepEqual(
        more.map(({ offset }) => offset),
        [],
      );
      assert.equal(error?.offset, marked.indexOf('«'));
      assert.equal(
        error?.message,
        `\`${path}\` may be absent, and a forbid would then deny everyone`,
      );
      assert.match(error?.expected ?? '', /&& …` or `/);
    });
  }

  it('is refused, and in a permit not', () => {
    for (const [marked] of unguarded) assert.deepEqual(errorsOf(marked.replace(/[«»]/g, '')), []);
  });
});
