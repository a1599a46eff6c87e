// Conditions (DESIGN 6): what they decide, how they fail, what they read, and every mistake told
// with its place in the text.

import assert from 'node:assert/strict';
import { CelFailure } from '../../engine/cel/failure.ts';
import { CelTimestamp, CelUint } from '../../engine/cel/value.ts';
import { activation, conditionOf, errorsOf, type Plain, verdict } from './fixture.ts';

type Verdict = [text: string, want: string, values?: Record<string, Plain>];

describe('a condition', () => {
  const verdicts: Verdict[] = [
    ['resource.tenant == principal.tenant && request.body.amount <= 500', 'true'],
    ['request.body.amount <= 499', 'false'],
    ["request.headers['x-tenant'] == 'acme'", 'true'],
    ["request.headers['x-none'] == 'acme'", 'no_such_key'],
    ["request.headers[?'x-none'].orValue('none') == 'none'", 'true'],
    ['has(request.body.amount)', 'true'],
    ['has(request.body)', 'false', { request: {} }],
    ['request.body.amount > 5', 'no_such_key', { request: {} }],
    ['request.?body.?amount.orValue(0) == 0', 'true', { request: {} }],
    ["'admin' in principal.roles", 'true'],
    ["principal.id in ['a', 'spiffe://a/b']", 'true'],
    ['request.parts.all(p, p.size < 3)', 'true'],
    ["request.parts.exists(p, p.name == 'b')", 'true'],
    ["request.parts.exists(p, p.name == 'c')", 'no_such_key'],
    ["request.parts.filter(p, has(p.name)).map(p, p.name) == ['b']", 'true'],
    ['request.parts.map(p, p.size > 1, p.size) == [2]', 'true'],
    ['context.list[1] == 2', 'true'],
    ['context.list[2] == 2', 'invalid_argument'],
    ['context.x == 2', 'no_such_key'],
    ['context.list', 'not_boolean'],
    ['context.list.x == 1', 'type'],
    ['context.list < 3', 'no_overload'],
    ['resource.tier + 9223372036854775807 > 0', 'overflow'],
    ['resource.tier / 0 == 1', 'divide_by_zero'],
    ['resource.tier / 0 == 1 || true', 'true'],
    ['resource.tier / 0 == 1 && false', 'false'],
    ['true ? resource.tier == 2 : resource.tier / 0 == 1', 'true'],
    ['int(principal.id) == 1', 'invalid_argument'],
    ["request.path.matches('^/v[0-9]+/')", 'true'],
    ['request.path.matches(principal.id)', 'false'],
    [
      "cidr('10.0.0.0/8').containsIP(context.ip)",
      'true',
      { context: new Map([['ip', '10.1.2.3']]) },
    ],
    [
      "request.time < timestamp('2026-01-01T00:00:00Z')",
      'true',
      { request: { time: new CelTimestamp(0n) } },
    ],
    ["cel.bind(t, resource.tenant, t == 'acme' && t != 'b')", 'true'],
    ['context == 3', 'true', { context: new CelUint(3n) }],
    ['context == 3', 'true', { context: 3 }],
    ['context == 9007199254740993', 'true', { context: 9007199254740993n }],
    ['context == 9007199254740993', 'false', { context: 9007199254740992n }],
    ['size(request.path) == 5', 'true'],
    ['[principal, resource].exists(x, x.id == "account/7")', 'true'],
    ['[{"a": 1}, {"a": 2}].exists(m, m.a == 2)', 'true'],
    ['[optional.of(1), optional.none()].all(o, o.orValue(1) == 1)', 'true'],
    ['[] + [1] + [] == [1]', 'true'],
    ['request.headers.exists(k, v, k == "x-tenant" && v == "acme")', 'true'],
    ['principal.roles.exists(i, r, i == 1 && r == "ops")', 'true'],
    ['principal.roles.transformList(i, r, i > 0, r) == ["ops"]', 'true'],
    ['principal.roles.transformMap(i, r, r) == {0: "admin", 1: "ops"}', 'true'],
    ['principal.roles.existsOne(i, r, i > 5)', 'false'],
    ['{"a": 1}.`a` == 1', 'true'],
  ];
  for (const [text, want, values] of verdicts) {
    it(`${text} is ${want}`, () => assert.equal(verdict(text, values), want));
  }

  it('says where it failed', () => {
    const text = 'resource.tier > 1 && resource.tier / 0 == 1';
    const failure = conditionOf(text).evaluate(activation());
    assert.ok(failure instanceof CelFailure);
    assert.equal(failure.message, 'division by zero');
    assert.equal(failure.offset, text.indexOf('/ 0'));
  });

  const reads: [text: string, want: string[]][] = [
    ['true', []],
    ['request.body.amount <= 5', ['request.body.amount']],
    [
      "request.headers['x-tenant'] == request.?path.orValue('')",
      ['request.headers.x-tenant', 'request.path'],
    ],
    [
      'request.headers[request.path] == resource.id',
      ['request.headers', 'request.path', 'resource.id'],
    ],
    ['request.headers.exists(k, k == principal.id)', ['principal.id', 'request.headers']],
    ['request.parts.all(request, request.size > 1)', ['request.parts']],
    ['cel.bind(context, resource, context.tier == 1)', ['resource']],
    ['has(request.body.amount)', ['request.body.amount']],
    ['type(context) == google.protobuf.Timestamp', ['context']],
    ['context.a.b[3].c == 1', ['context.a.b']],
  ];
  for (const [text, want] of reads) {
    it(`${text} reads ${want.join(', ') || 'nothing'}`, () =>
      assert.deepEqual(conditionOf(text).reads, want));
  }
});

describe('a mistake in a condition', () => {
  /** What is wrong stands between « and ». */
  const mistakes: [
    marked: string,
    message: string,
    expected?: string | undefined,
    suggestion?: string,
  ][] = [
    ['request.«pth» == 1', 'there is no field `pth`', 'path, time, headers, body, parts', 'path'],
    ['«princpal».id == 1', 'there is no variable `princpal`', undefined, 'principal'],
    ['resource.tier «==» 1.0', '`==` has no meaning for `int` and `double`', 'T, T'],
    ["resource.tier «==» '1'", '`==` has no meaning for `int` and `string`', 'T, T'],
    ['resource.id.«startWith»(1)', 'there is no method `startWith`', undefined, 'startsWith'],
    [
      "resource.id.«startsWith»('a', 'b')",
      '`startsWith` takes another number of arguments than 2',
      '1',
    ],
    [
      'resource.id.«startsWith»(1)',
      '`startsWith` has no meaning for `string` and `int`',
      'string, string',
    ],
    ["b'a' «%» true == 1", '`%` has no meaning for `bytes` and `bool`', 'int, int | uint, uint'],
    ['«siz»(resource.id) == 1', 'there is no function `siz`', undefined, 'size'],
    ['resource.«tier»', 'the condition gives `int`', 'bool'],
    ['resource.«tier» && true', '`&&` has no meaning for `int`', 'bool'],
    ['!resource.«tier»', '`!` has no meaning for `int`', 'bool'],
    ['«-»resource.id == 1', '`-` has no meaning for `string`'],
    ['resource.id.«x» == 1', '`string` has no field `x`', 'an object or a map'],
    ['principal.roles«[»"a"] == "b"', '`string` is no index of `list(string)`', 'int'],
    ['resource«[»"id"] == "b"', '`object` has no elements', 'a list or a map'],
    ['resource.«id».all(x, x == 1)', '`all` has no meaning for `string`', 'a list or a map'],
    ['{[1]: 2} == {}', '`list(int)` is no key of a map', 'int, uint, string or bool'],
    ['[?«1»] == []', '`int` is not optional', 'an optional value behind `?`'],
    ["true «?» 1 : 'a'", 'a condition with two types: `int` and `string`', 'one'],
    [
      "resource.id.matches(«'('»)",
      'the regular expression is not valid: error parsing regexp: missing closing ): `(`',
    ],
    [
      "«cidr»('10.0.0.0/33').containsIP(resource.id)",
      'this always fails: `10.0.0.0/33` is no CIDR',
    ],
    ["«duration»('5 minutes') > duration('1s')", 'this always fails: `5 minutes` is no duration'],
    ['1 «/» 0 == 1', 'this always fails: division by zero'],
    ['1 + ', 'the condition ends here', 'a value'],
    ['1 + «)»', 'unexpected `)`', 'a value, a variable or `(`'],
    ['(true', 'the condition ends here', '`)`'],
    ['true «true»', 'unexpected `true`', 'an operator or the end'],
    ['«has»(x)', '`has` takes the selection of one field', '`has(a.b)`'],
    ['[1].all(«1», true)', '`all` needs the name of a variable first'],
    ['«"abc»', 'the text is not closed', '`"`'],
    ['"«\\q» "', '`\\q` begins no escape'],
    ['"«\\ud800» "', '`\\ud800` is no code point'],
    ['«9223372036854775808» == 1', 'the number is out of range of int'],
    ['«for» == 1', '`for` is a reserved word', 'a variable'],
    ['Thing«{»a: 1} == 1', 'messages cannot be made in a condition', 'an operator or the end'],
    ['true «#»', '`#` has no meaning here'],
    ['«12a» == 1', '`12a` is not a number'],
    ['', 'the condition ends here', 'a value'],
    [
      'cel.«bind»(a, 1) == 1',
      '`cel.bind` takes 3 arguments',
      'a name, its value and an expression',
    ],
    ['[1].«filter»(a) == []', '`filter` takes another number of arguments than 1', '`x, test`'],
    ['[1].«transformMap»(a, b) == {}', '`transformMap` takes another number of arguments than 2'],
    ['[1].all(a, «2», true)', '`all` needs the name of a variable first'],
    ['«1e999» > 1.0', 'the number is out of range'],
    ['«18446744073709551616u» == 1u', 'the number is out of range of uint'],
    ['«0x» == 1', 'a hexadecimal number has no digits'],
    ['«1e» == 1.0', '`1e` is not a number'],
    ['b"«\\u0041» " == b"a"', 'bytes have no escapes of code points'],
    ['true && «`a`»', 'unexpected `a`', 'a value, a variable or `(`'],
    ['context.«`a$`»', 'a quoted field name is not well-formed', 'a name between backticks'],
    ['context.«in» == 1', '`in` is a reserved word', 'the name of a field'],
    ['context.«"a"» == 1', 'unexpected `"a"`', 'the name of a field'],
    ['size(context«,»)', 'unexpected `,`', '`)`'],
    ['[1 «2»]', 'unexpected `2`', '`,` or `]`'],
    [
      'resource.id.«optMap»(x, x) == 1',
      '`optMap` has no meaning for `string`',
      'an optional value',
    ],
    [
      '{"a": 1} «==» {"a": "b"}',
      '`==` has no meaning for `map(string, int)` and `map(string, string)`',
    ],
    [`«${'x'.repeat(80)}»`, `there is no variable \`${'x'.repeat(64)}…\``],
  ];
  for (const [marked, message, expected, suggestion] of mistakes) {
    it(`${marked}: ${message}`, () => {
      const text = marked.replace(/[«»]/g, '');
      const [error] = errorsOf(text);
      assert.deepEqual(
        { message: error?.message, expected: error?.expected, suggestion: error?.suggestion },
        { message, expected: expected ?? error?.expected, suggestion },
      );
      if (marked.includes('«')) assert.equal(error?.offset, marked.indexOf('«'));
    });
  }

  it('is told together with the others', () => {
    assert.equal(errorsOf('resource.a == 1 && resource.b == 2 && c').length, 3);
  });
});
