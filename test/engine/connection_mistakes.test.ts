// What an operator may get wrong in an operation that is a connection, and what is then told
// (C-088).

import { describeMistakes, type Mistake } from './mistakes.ts';

const S = (spec: string) => `kind: Service\nmetadata: {name: s, namespace: n}\nspec: ${spec}`;
const O = (operation: string) => S(`{operations: {op: ${operation}}}`);

const connections: Mistake[] = [
  {
    name: 'both http and l4',
    text: O('{http: GET /a, l4: {}}'),
    want: [['3:25', 'operation `op`', 'exactly one of http, grpc, l4 and mcp']],
  },
  {
    name: 'a request that connects',
    text: S('{operations: {a: {http: GET /a, verb: connect}, b: {grpc: /a.B/C, verb: connect}}}'),
    want: [
      ['3:45', '`connect` is said of connections, not of requests', 'l4'],
      ['3:79', '`connect` is said of connections, not of requests', 'l4'],
    ],
  },
  {
    name: 'a connection that is another verb (C-088)',
    text: O('{l4: {}, verb: read}'),
    want: [
      ['3:40', 'nobody looks into a connection, so it is never a `read`', 'connect, or no verb'],
    ],
  },
  ...[
    'db.example.',
    '*',
    '*.',
    'a.*.b',
    '*db.example',
    'd\u00e9.example',
    'a..b',
    'a b',
    'a/b',
  ].map(
    (name): Mistake => ({
      name: `a server name that is none: ${name}`,
      text: O(`{l4: {sni: "${name}"}}`),
      want: [
        [
          '3:36',
          `\`${name}\` is no server name`,
          'a name in ASCII such as db.example, or *.example',
        ],
      ],
    }),
  ),
  {
    name: 'a port that there is not',
    text: S('{operations: {a: {l4: {port: 0}}, b: {l4: {port: 65536}}}}'),
    want: [
      ['3:36', 'spec.operations.a.l4.port: too small: expected number to be >=1'],
      ['3:56', 'spec.operations.b.l4.port: too big: expected number to be <=65535'],
    ],
  },
  {
    name: 'a resource of a connection from a path',
    text: O('{l4: {}, resource: "x/{path.a}"}'),
    want: [['3:44', '`{path.a}` names no capture of the path']],
  },
  {
    name: 'two operations that match the same connections',
    text: S(
      '{operations: {a: {l4: {sni: DB.example, port: 1}}, b: {l4: {sni: db.EXAMPLE, port: 1}}}}',
    ),
    want: [['3:66', 'another operation matches the same connections just as well']],
  },
  {
    name: 'two operations that match any connection',
    text: S('{operations: {a: {l4: {}}, b: {l4: {}}}}'),
    want: [['3:42', 'another operation matches the same connections just as well']],
  },
];

describeMistakes('an operation of connections', connections);
