// The declaration `body:` of an operation: the types that conditions see, what a body has to be to
// conform, and that nothing undeclared is left (C-113).

import assert from 'node:assert/strict';
import { type Body, BodyProblem, type BodyValue } from '../../engine/body/body.ts';
import {
  BodyShape,
  BodyShapeError,
  compileBodyShape,
  type TypeSpec,
} from '../../engine/body/body_shape.ts';
import { readBody } from '../../engine/body/read_body.ts';

function shapeOf(declaration: unknown): BodyShape {
  const shape = compileBodyShape(declaration);
  assert.ok(shape instanceof BodyShape, JSON.stringify(shape));
  return shape;
}

const specs: [declaration: unknown, spec: TypeSpec][] = [
  [
    { amount: 'int', rate: 'double', currency: 'string', urgent: 'bool' },
    { object: { amount: 'int', rate: 'double', currency: 'string', urgent: 'bool' } },
  ],
  [
    { lines: [{ sku: 'string', count: 'int' }] },
    { object: { lines: { list: { object: { sku: 'string', count: 'int' } } } } },
  ],
  [
    { meta: 'map', anything: 'any', note: 'string?' },
    { object: { meta: { map: 'dyn' }, anything: 'dyn', note: { optional: 'string' } } },
  ],
  [
    { 'tags?': ['string'], 'more?': 'any?', 'to?': { id: 'int' } },
    {
      object: {
        tags: { optional: { list: 'string' } },
        more: { optional: 'dyn' },
        to: { optional: { object: { id: 'int' } } },
      },
    },
  ],
  [['int'], { list: 'int' }],
  [[['any']], { list: { list: 'dyn' } }],
  ['any', 'dyn'],
  ['map', { map: 'dyn' }],
  ['string', 'string'],
  [{}, { object: {} }],
  [JSON.parse('{"__proto__":"int"}'), { object: JSON.parse('{"__proto__":"int"}') }],
];

const mistakes: [declaration: unknown, path: string, message: string, expected: string][] = [
  ['integer', '', '`integer` is no type', ''],
  [{ a: 'strin' }, 'a', '`strin` is no type', '`string`'],
  [{ a: { b: ['x'] } }, 'a.b.0', '`x` is no type', ''],
  [{ a: 7 }, 'a', '`7` is no type', ''],
  [{ a: null }, 'a', '`null` is no type', ''],
  [undefined, '', '`undefined` is no type', ''],
  [{ a: [] }, 'a', 'a list of 0 types', 'exactly one type'],
  [{ a: ['int', 'string'] }, 'a', 'a list of 2 types', 'exactly one type'],
  ['int?', '', 'only a field may be missing, and this is none: `int?`', ''],
  [['int?'], '0', 'only a field may be missing, and this is none: `int?`', ''],
  [{ a: 'int??' }, 'a', 'only a field may be missing, and this is none: `int?`', ''],
  [{ a: '' }, 'a', '`` is no type', ''],
  [{ '': 'int' }, '', '`` names no field of its own', 'one name each'],
  [{ '?': 'int' }, '?', '`?` names no field of its own', 'one name each'],
  [{ a: 'int', 'a?': 'int' }, 'a?', '`a?` names no field of its own', 'one name each'],
];

const D = { amount: 'int', currency: 'string' };
type Conformity = [name: string, declaration: unknown, json: string, want: BodyValue | 'shape'];
const map = (...entries: [string, BodyValue][]) => new Map(entries);

const json: Conformity[] = [
  [
    'what is declared',
    D,
    '{"amount":5,"currency":"EUR"}',
    map(['amount', 5n], ['currency', 'EUR']),
  ],
  [
    'nothing undeclared',
    D,
    '{"x":1,"currency":"EUR","amount":5}',
    map(['amount', 5n], ['currency', 'EUR']),
  ],
  [
    'nothing undeclared further in',
    { a: [{ b: 'int' }] },
    '{"a":[{"b":1,"c":2},{"b":3}]}',
    map(['a', [map(['b', 1n]), map(['b', 3n])]]),
  ],
  ['a field in another case, which is missing then', { a: 'int' }, '{"A":1}', 'shape'],
  ['a missing field', D, '{"amount":5}', 'shape'],
  ['a field that is null', D, '{"amount":5,"currency":null}', 'shape'],
  ['an int that is a string', D, '{"amount":"5","currency":"EUR"}', 'shape'],
  ['an int with a fraction', { a: 'int' }, '{"a":5.0}', 'shape'],
  ['an int with an exponent', { a: 'int' }, '{"a":5e0}', 'shape'],
  ['an int in a list', { a: 'int' }, '{"a":[5]}', 'shape'],
  ['a string that is a number', { a: 'string' }, '{"a":5}', 'shape'],
  ['a bool', { a: 'bool' }, '{"a":false}', map(['a', false])],
  ['a double that is a string', { a: 'double' }, '{"a":"5"}', 'shape'],
  ['a bool that is a number', { a: 'bool' }, '{"a":1}', 'shape'],
  ['a double', { a: 'double' }, '{"a":0.5}', map(['a', 0.5])],
  ['a double that is an integer', { a: 'double' }, '{"a":5}', map(['a', 5])],
  [
    'a double that is an integer no double holds',
    { a: 'double' },
    '{"a":9007199254740993}',
    'shape',
  ],
  ['an optional field', { a: 'int?' }, '{"a":1}', map(['a', 1n])],
  ['an optional field that is missing', { a: 'int?' }, '{}', map()],
  ['an optional field that is null', { a: 'int?' }, '{"a":null}', map()],
  ['an optional field of another type', { a: 'int?' }, '{"a":"1"}', 'shape'],
  ['any, which may be null', { a: 'any?' }, '{"a":null}', map(['a', null])],
  ['any, whole', { a: 'any' }, '{"a":{"b":[1]}}', map(['a', map(['b', [1n]])])],
  ['any, which has to be there', { a: 'any' }, '{}', 'shape'],
  ['a map, whole', { a: 'map' }, '{"a":{"b":1}}', map(['a', map(['b', 1n])])],
  ['a map that is a list', { a: 'map' }, '{"a":[]}', 'shape'],
  ['an empty list', { a: ['int'] }, '{"a":[]}', map(['a', []])],
  ['a list with another type in it', { a: ['int'] }, '{"a":[1,"2"]}', 'shape'],
  ['a list with null in it', { a: ['int'] }, '{"a":[null]}', 'shape'],
  ['a list that is an object', { a: ['int'] }, '{"a":{"0":1}}', 'shape'],
  ['an object that is a list', { a: { b: 'int' } }, '{"a":[{"b":1}]}', 'shape'],
  ['an object that is a string', D, '"a"', 'shape'],
  ['a body that is a list', ['int'], '[1,2]', [1n, 2n]],
  ['a body that is a string', 'string', '"a"', 'a'],
  ['a body that is null', { a: 'int?' }, 'null', 'shape'],
  [
    '`__proto__`, which is a field',
    JSON.parse('{"__proto__":"int"}'),
    '{"__proto__":1}',
    map(['__proto__', 1n]),
  ],
  ['`constructor`, which no object inherits', { constructor: 'any?' }, '{}', map()],
];

const forms: Conformity[] = [
  [
    'texts as what is declared',
    { a: 'int', b: 'double', c: 'bool', d: 'string' },
    'a=-5&b=1e2&c=true&d=x',
    map(['a', -5n], ['b', 100], ['c', true], ['d', 'x']),
  ],
  ['a string that looks like a number', { a: 'string' }, 'a=05', map(['a', '05'])],
  ['lists', { a: ['int'], b: ['string'] }, 'a=1&b=x&a=2', map(['a', [1n, 2n]], ['b', ['x']])],
  ['a scalar that came twice', { a: 'int' }, 'a=1&a=1', 'shape'],
  ['a missing scalar', { a: 'int' }, 'b=1', 'shape'],
  ['a missing optional scalar', { a: 'int?' }, 'b=1', map()],
  ['an empty int', { a: 'int?' }, 'a=', 'shape'],
  ['an empty string', { a: 'string' }, 'a=', map(['a', ''])],
  ['an int with a leading zero', { a: 'int' }, 'a=05', 'shape'],
  ['an int with a space', { a: 'int' }, 'a=+5', 'shape'],
  ['an int with a plus', { a: 'int' }, 'a=%2B5', 'shape'],
  ['an int beyond 64 bits', { a: 'int' }, 'a=9223372036854775808', 'shape'],
  [
    'an int that no double holds',
    { a: 'int' },
    'a=9007199254740993',
    map(['a', 9_007_199_254_740_993n]),
  ],
  ['an int with a fraction', { a: 'int' }, 'a=5.0', 'shape'],
  ['a double that is infinite', { a: 'double' }, 'a=1e999', 'shape'],
  ['a double by name', { a: 'double' }, 'a=Infinity', 'shape'],
  ['a double in hexadecimal', { a: 'double' }, 'a=0x10', 'shape'],
  ['bools', { a: ['bool'] }, 'a=false&a=true', map(['a', [false, true]])],
  ['a bool in capitals', { a: 'bool' }, 'a=True', 'shape'],
  ['a bool as a number', { a: 'bool' }, 'a=1', 'shape'],
  ['an object, which a text is not', { a: { b: 'int' } }, 'a=1', 'shape'],
  ['any, which is the list', { a: 'any' }, 'a=1', map(['a', ['1']])],
  ['the whole form', 'map', 'a=1&b', map(['a', ['1']], ['b', ['']])],
  ['a form where a list is declared', ['int'], 'a=1', 'shape'],
];

function conform(declaration: unknown, contentType: string, text: string): BodyValue {
  const headers = { contentType, contentEncoding: '', contentLength: '', partial: '' };
  const body = readBody({ bytes: Buffer.from(text), ...headers });
  assert.ok(!(body instanceof BodyProblem));
  return conformed(shapeOf(declaration), body);
}

function conformed(shape: BodyShape, body: Body): BodyValue {
  const value = shape.conform(body);
  if (!(value instanceof BodyProblem)) return value;
  assert.equal(value.state, 'error');
  return value.detail;
}

describe('the declaration of a body', () => {
  for (const [declaration, spec] of specs) {
    it(`types the variables: ${JSON.stringify(declaration)}`, () => {
      assert.deepEqual(shapeOf(declaration).typeSpec, spec);
    });
  }

  for (const [declaration, path, message, expected] of mistakes) {
    it(`is refused: ${JSON.stringify(declaration)}`, () => {
      const error = compileBodyShape(declaration);
      assert.ok(error instanceof BodyShapeError);
      assert.equal(error.path.join('.'), path);
      assert.equal(error.message, message);
      if (expected === '') assert.match(error.expected, /int|exactly/);
      else assert.equal(error.expected, expected);
    });
  }

  it('is no deeper and no longer than a body may be', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'int' : { a: nested(levels - 1) });
    assert.ok(compileBodyShape(nested(32)) instanceof BodyShape);
    assert.ok(compileBodyShape(nested(33)) instanceof BodyShapeError);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    assert.ok(compileBodyShape(cycle) instanceof BodyShapeError);
    const wide = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'int']));
    assert.ok(compileBodyShape(wide(1024)) instanceof BodyShape);
    assert.ok(compileBodyShape(wide(1025)) instanceof BodyShapeError);
  });
});

describe('a body of JSON conforms, or is an error of shape:', () => {
  for (const [name, declaration, text, want] of json) {
    it(name, () => {
      assert.deepStrictEqual(conform(declaration, 'application/json', text), want);
    });
  }
});

describe('a form conforms, or is an error of shape:', () => {
  for (const [name, declaration, text, want] of forms) {
    it(name, () => {
      const type = 'application/x-www-form-urlencoded';
      assert.deepStrictEqual(conform(declaration, type, text), want);
    });
  }

  it('a form that is none, which none is', () => {
    const shape = shapeOf({ a: 'int' });
    assert.equal(conformed(shape, { kind: 'form', value: 'a' }), 'shape');
    assert.equal(conformed(shape, { kind: 'form', value: map(['a', '1']) }), 'shape');
  });

  it('parts of other types are what they hold', () => {
    const text = [
      '--x\r\nContent-Disposition: form-data; name="order"\r\nContent-Type: application/json',
      '\r\n\r\n{"sku":"a","n":2,"z":0}\r\n',
      '--x\r\nContent-Disposition: form-data; name="count"\r\n\r\n3\r\n',
      '--x\r\nContent-Disposition: form-data; name="scan"; filename="s.pdf"\r\n\r\n%PDF\r\n',
      '--x--\r\n',
    ].join('');
    const type = 'multipart/form-data; boundary=x';
    const read = (declaration: unknown) => conform(declaration, type, text);
    assert.deepStrictEqual(
      read({ order: { sku: 'string', n: 'int' }, count: 'int', scan: { bytes: 'int' } }),
      map(['order', map(['sku', 'a'], ['n', 2n])], ['count', 3n], ['scan', map(['bytes', 4n])]),
    );
    assert.equal(read({ scan: 'string' }), 'shape');
    assert.equal(read({ order: 'string' }), 'shape');
    assert.equal(read({ count: 'map' }), 'shape');
    assert.deepStrictEqual(read({ order: [{ n: 'int' }] }), map(['order', [map(['n', 2n])]]));
  });
});
