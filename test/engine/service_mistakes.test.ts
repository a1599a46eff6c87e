// What an operator may get wrong in a Service and its operations, and what is then told.

import { describeMistakes, type Mistake } from './mistakes.ts';

const S = (spec: string) => `kind: Service\nmetadata: {name: s, namespace: n}\nspec: ${spec}`;
const O = (operation: string) => S(`{operations: {op: ${operation}}}`);
const ONE_OF_THE_VERBS = 'one of read, write, invoke, delegate, rotate, admin, escalate, connect';

const services: Mistake[] = [
  {
    name: 'no operations',
    text: S('{}'),
    want: [['3:7', 'spec.operations is missing', 'a value of type record']],
  },
  {
    name: 'operations that are nothing',
    text: S('{operations: }'),
    want: [
      [
        '3:20',
        'spec.operations: invalid input: expected record, received null',
        'a value of type record',
      ],
    ],
  },
  {
    name: 'operations in a list',
    text: S('{operations: [{http: GET /a}]}'),
    want: [
      [
        '3:20',
        'spec.operations: invalid input: expected record, received array',
        'a value of type record',
      ],
    ],
  },
  {
    name: 'an operation that is nothing',
    text: O(''),
    want: [
      [
        '3:25',
        'spec.operations.op: invalid input: expected object, received null',
        'a value of type object',
      ],
    ],
  },
  {
    name: 'an operation name in upper case',
    text: S('{operations: {Refund: {http: GET /a}}}'),
    want: [['3:21', '`Refund` as a name: must be 1 to 63 of a-z, 0-9, `.` and `-`']],
  },
  {
    name: 'an empty list',
    text: S('{destinations: [], operations: {}}'),
    want: [['3:22', 'spec.destinations: too small: expected array to have >=1 items']],
  },
  {
    name: 'a text in place of a list',
    text: S('{destinations: spiffe://a/b, operations: {}}'),
    want: [
      [
        '3:22',
        'spec.destinations: invalid input: expected array, received string',
        'a value of type array',
      ],
    ],
  },
  {
    name: 'a number in place of a text',
    text: S('{destinations: [7], operations: {}}'),
    want: [
      [
        '3:23',
        'spec.destinations[0]: invalid input: expected string, received number',
        'a value of type string',
      ],
    ],
  },
  {
    name: 'destinations that are no SPIFFE IDs',
    text: S('{destinations: ["spiffe://A/b", "*"], operations: {}}'),
    want: [
      [
        '3:23',
        '`spiffe://A/b`: trust domain characters are limited to lower-case letters, ' +
          'numbers, dots, dashes, and underscores',
      ],
      ['3:39', '`*`: a SPIFFE ID starts with `spiffe://`, in lower case'],
    ],
  },
  {
    name: 'a credential that nobody accepts',
    text: S('{accepts: [password], operations: {}}'),
    want: [
      [
        '3:18',
        '`password` is no value of spec.accepts[0]',
        'one of x509-svid, jwt, jwt-svid, wit, api-key',
      ],
    ],
  },
  {
    name: 'a word in another case',
    text: S('{authorization: passthrough, operations: {}}'),
    want: [
      [
        '3:23',
        '`passthrough` is no value of spec.authorization',
        'one of verify, passThrough',
        'passThrough',
      ],
    ],
  },
];

const operations: Mistake[] = [
  {
    name: 'a data class that there is not',
    text: O('{http: GET /a, dataClass: secret}'),
    want: [
      [
        '3:51',
        '`secret` is no value of spec.operations.op.dataClass',
        'one of public, internal, confidential, restricted',
      ],
    ],
  },
  {
    name: 'a misspelt verb',
    text: O('{http: GET /a, verb: raed}'),
    want: [['3:46', '`raed` is no value of spec.operations.op.verb', ONE_OF_THE_VERBS, 'read']],
  },
  {
    name: 'a truth value of another YAML',
    text: O('{http: GET /a, taskFree: yes}'),
    want: [
      [
        '3:50',
        'spec.operations.op.taskFree: invalid input: expected boolean, received string',
        'a value of type boolean',
      ],
    ],
  },
  {
    name: 'a taskFree operation on confidential data',
    text: O('{http: GET /a, taskFree: true, dataClass: confidential}'),
    want: [['3:50', 'a taskFree operation carries no class above internal']],
  },
  {
    name: 'none of http, grpc and l4',
    text: O('{verb: read}'),
    want: [['3:25', 'operation `op`', 'exactly one of http, grpc, l4 and mcp']],
  },
  {
    name: 'both http and grpc',
    text: O('{http: GET /a, grpc: /a.B/C}'),
    want: [['3:25', 'operation `op`', 'exactly one of http, grpc, l4 and mcp']],
  },
  {
    name: 'a method in lower case',
    text: O('{http: get /a}'),
    want: [['3:32', '`get /a` is no method and path', '`GET /v1/items/{item}`']],
  },
  {
    name: 'a path without a slash',
    text: O('{http: GET a}'),
    want: [['3:32', '`GET a` is no method and path', '`GET /v1/items/{item}`']],
  },
  {
    name: 'a path without a method',
    text: O('{http: /a}'),
    want: [['3:32', '`/a` is no method and path', '`GET /v1/items/{item}`']],
  },
  {
    name: 'a path over two lines',
    text: O('{http: "GET /a\\n"}'),
    want: [['3:32', '`GET /a\n` is no method and path', '`GET /v1/items/{item}`']],
  },
  {
    name: 'a path that is no template',
    text: O('{http: "GET /a*"}'),
    want: [
      ['3:32', '`a*` is neither literal text nor a capture', 'decoded text, {name} or {name=**}'],
    ],
  },
  {
    name: 'two operations that match the same requests',
    text: S('{operations: {a: {http: "GET /x/{y}"}, b: {http: "GET /x/{z}"}}}'),
    want: [['3:56', 'another operation matches `GET /x/{z}` just as well']],
  },
  {
    name: 'an operation by HTTP that another is by gRPC',
    text: S('{operations: {a: {grpc: /a.B/C}, b: {http: POST /a.B/C}}}'),
    want: [['3:50', 'another operation matches `POST /a.B/C` just as well']],
  },
  {
    name: 'HEAD',
    text: O('{http: HEAD /a}'),
    want: [['3:32', 'HEAD is read as GET', 'an operation for GET']],
  },
  {
    name: 'a method that implies no verb',
    text: O('{http: PURGE /a}'),
    want: [['3:32', 'method `PURGE` implies no verb', 'verb']],
  },
  {
    name: 'a gRPC method without its slash',
    text: O('{grpc: a.B/C}'),
    want: [['3:32', '`a.B/C` is no gRPC method', '/package.Service/Method']],
  },
  {
    name: 'a gRPC method that is a pattern',
    text: O('{grpc: "/a.B/*"}'),
    want: [['3:32', '`/a.B/*` is no gRPC method', '/package.Service/Method']],
  },
  {
    name: 'a resource type in upper case',
    text: O('{http: GET /a, resource: Account/x}'),
    want: [['3:50', '`Account` is no resource type; the type is always literal']],
  },
  {
    name: 'a resource type from the path',
    text: O('{http: "GET /{a}", resource: "{path.a}/x"}'),
    want: [['3:54', '`{path.a}` is no resource type; the type is always literal']],
  },
  {
    name: 'a resource without an id',
    text: O('{http: GET /a, resource: account}'),
    want: [['3:50', '`account` has no id']],
  },
  {
    name: 'a resource with an empty id',
    text: O('{http: GET /a, resource: account/}'),
    want: [['3:50', '`account/` has no id']],
  },
  {
    name: 'a capture that the path has not',
    text: O('{http: "GET /{b}", resource: "account/{path.a}"}'),
    want: [['3:54', '`{path.a}` names no capture of the path (it has {path.b})']],
  },
  {
    name: 'a capture in a path without any',
    text: O('{http: GET /a, tenant: "{path.a}"}'),
    want: [['3:48', '`{path.a}` names no capture of the path']],
  },
  {
    name: 'a reference to something else than the path',
    text: O('{http: "GET /{b}", tenant: "{header.b}"}'),
    want: [['3:52', '`{header.b}` names no capture of the path (it has {path.b})']],
  },
  {
    name: 'a brace that does not close',
    text: O('{http: "GET /{b}", tenant: "{path.b"}'),
    want: [['3:52', 'a brace does not close']],
  },
];

describeMistakes('a Service', services);
describeMistakes('an operation', operations);
