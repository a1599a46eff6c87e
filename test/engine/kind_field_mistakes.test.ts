// Mistakes in identities, exceptions, roles, profiles and operations: each is told once, at its
// place, with what was expected.

import { describeMistakes, type Mistake } from './mistakes.ts';

const M = 'metadata: {name: x, namespace: n}';
const S = `kind: Service\n${M}\nspec: {operations: {op: {http: GET /a}}}\n---\n`;
const F = (fields: string) =>
  `${S}kind: Policy\n${M}\nspec: {rules: [{id: a, effect: forbid, ${fields}}]}`;
const I = (spec: string) => `kind: Identity\n${M}\nspec: {spiffe: spiffe://a/b, ${spec}}`;
const E = (spec: string) =>
  `kind: Exception\nmetadata: {name: x, namespace: n, owner: o}\nspec: {${spec}}`;
const O = (fields: string) =>
  `kind: Service\n${M}\nspec: {operations: {op: {http: GET /a, ${fields}}}}`;
const P = (fields: string) => `${S}kind: TaskProfile\n${M}\nspec: {${fields}}`;

const identities: Mistake[] = [
  {
    name: 'a role that is not there',
    text: I('roles: [n/editor]'),
    want: [['3:38', 'no role `n/editor`']],
  },
  {
    name: 'an audience that is none',
    text: I('audiences: [payments]'),
    want: [['3:42', '`payments` is no audience', 'a SPIFFE ID or `namespace/service`']],
  },
  {
    name: 'a ceiling of nothing',
    text: I('ceiling: {}'),
    want: [['3:39', 'bounds nothing', 'at least one key']],
  },
  {
    name: 'a ceiling of a service that is none',
    text: I('ceiling: {services: [pay]}'),
    want: [['3:51', '`pay` is no service', '`namespace/service`, `namespace/*`, `*`']],
  },
  {
    name: 'a ceiling of a verb that is none',
    text: I('ceiling: {verbs: [wirte]}'),
    want: [
      [
        '3:48',
        '`wirte` is no value of spec.ceiling.verbs[0]',
        'one of read, write, invoke, delegate, rotate, admin, escalate, connect',
        'write',
      ],
    ],
  },
  {
    name: 'an end that is no time',
    text: I('expiresAt: 2026-11-22'),
    want: [['3:41', 'spec.expiresAt: must be a time such as 2026-12-01T18:00:00Z']],
  },
  {
    name: 'a review on a day that is none',
    text: I('reviewBy: "2026-02-30"'),
    want: [['3:40', 'spec.reviewBy: must be a date that exists, such as 2027-03-01']],
  },
  {
    name: 'a lifetime that is none',
    text: I('maxLifetime: 0h'),
    want: [
      [
        '3:43',
        'spec.maxLifetime: must be a whole number with `s`, `m`, `h` or `d` behind it, as `24h`',
      ],
    ],
  },
  {
    name: 'an attribute that is a map',
    text: I('attributes: {a: {b: c}}'),
    want: [['3:46', 'spec.attributes.a: invalid input']],
  },
];

const exceptions: Mistake[] = [
  {
    name: 'one without an owner, a reason and an end',
    text: `kind: Exception\n${M}\nspec: {from: {kinds: [ci]}, to: {}}`,
    want: [
      ['2:11', 'metadata.owner is missing', 'a value of type string'],
      ['3:7', 'spec.reason is missing', 'a value of type string'],
      ['3:7', 'spec.expiresAt is missing', 'a value of type string'],
    ],
  },
  {
    name: 'a forbid that is not there',
    text: E(
      'reason: r, expiresAt: "2026-12-01T00:00:00Z", suspends: [n/p/x], from: {kinds: [ci]}, to: {}',
    ),
    want: [['3:65', 'no forbid `n/p/x`']],
  },
  {
    name: 'a forbid of another namespace',
    text: E(
      'reason: r, expiresAt: "2026-12-01T00:00:00Z", suspends: [m/p/x], from: {kinds: [ci]}, to: {}',
    ),
    want: [['3:65', 'an exception suspends forbids of its own namespace']],
  },
  {
    name: 'a forbid that is not suspendable',
    text: `${F('from: {}, to: {}')}\n---\n${E('reason: r, expiresAt: "2026-12-01T00:00:00Z", suspends: [n/x/a], from: {kinds: [ci]}, to: {}')}`,
    want: [['11:65', '`n/x/a` may not be suspended', '`suspendable: true` in that rule']],
  },
  {
    name: 'nobody',
    text: E('reason: r, expiresAt: "2026-12-01T00:00:00Z", from: {}, to: {}'),
    want: [['3:60', 'a permit says whom it permits', 'at least one key besides `not`']],
  },
];

const operations: Mistake[] = [
  {
    name: 'an attribute that cannot be required',
    text: O('requires: [request.cookies.a, principal.tennant]'),
    want: [
      [
        '3:51',
        '`request.cookies.a` is no attribute to require',
        'one of request.headers.*, request.query.*, request.body, request.body.*, context.runtime.*, context.sourceIp, principal.tenant, principal.environment, principal.attributes.*',
      ],
      [
        '3:70',
        '`principal.tennant` is no attribute to require',
        'one of request.headers.*, request.query.*, request.body, request.body.*, context.runtime.*, context.sourceIp, principal.tenant, principal.environment, principal.attributes.*',
      ],
    ],
  },
  {
    name: 'a required header in upper case',
    text: O('requires: [request.headers.X-A]'),
    want: [
      [
        '3:51',
        '`request.headers.X-A` is never there: names of headers are in lower case',
        'request.headers.x-a',
      ],
    ],
  },
  {
    name: 'a tier that is a fraction',
    text: O('tier: 1.5'),
    want: [
      [
        '3:46',
        'spec.operations.op.tier: invalid input: expected int, received number',
        'a value of type int',
      ],
    ],
  },
  {
    name: 'taskFree with a high tier',
    text: O('tier: 2, taskFree: true'),
    want: [['3:59', 'a taskFree operation carries no tier above 1']],
  },
  {
    name: 'taskFree that is a source',
    text: O('source: true, taskFree: true'),
    want: [['3:64', 'a taskFree operation carries no label: it is no `source`']],
  },
  {
    name: 'a body of a type that is none',
    text: O('body: {a: integer}'),
    want: [
      [
        '3:50',
        '`integer` is no type',
        'int, double, string, bool, map, any, [TYPE] or {name: TYPE}',
      ],
    ],
  },
  {
    name: 'an export to a pattern',
    text: `kind: Service\n${M}\nspec: {exports: ["a*"], operations: {}}`,
    want: [['3:18', 'spec.exports[0]: must be 1 to 63 of a-z, 0-9, `.` and `-`']],
  },
  {
    name: 'MCP where the service has none',
    text: `kind: Service\n${M}\nspec: {operations: {t: {mcp: tools/call a}}}`,
    want: [['3:30', 'the Service says nothing of MCP', '`mcp: {path: …}` in its spec']],
  },
];

const roles: Mistake[] = [
  {
    name: 'nothing',
    text: `kind: Role\n${M}\nspec: {covers: []}`,
    want: [['3:16', 'spec.covers: too small: expected array to have >=1 items']],
  },
  {
    name: 'a verb',
    text: `kind: Role\n${M}\nspec: {covers: [{verbs: [read]}]}`,
    want: [
      ['3:18', 'unknown field `verbs` in spec.covers[0]', 'one of services, operations, resources'],
    ],
  },
  {
    name: 'an operation that is not there',
    text: `${S}kind: Role\n${M}\nspec: {covers: [{operations: [opp]}]}`,
    want: [['7:31', 'no operation `opp` in namespace `n`', 'one of op', 'op']],
  },
  {
    name: 'a resource without an id',
    text: `kind: Role\n${M}\nspec: {covers: [{resources: [doc]}]}`,
    want: [['3:30', '`doc`: `doc` has no id']],
  },
];

const profiles: Mistake[] = [
  {
    name: 'an operation that is not there',
    text: P('agents: [spiffe://a/b], operations: [x/opp], intents: [a], duration: 1h'),
    want: [['7:45', 'no operation `x/opp` in namespace `n`', 'one of op']],
  },
  {
    name: 'an agent by a pattern',
    text: P('agents: [spiffe://a/*], operations: [x/op], intents: [a], duration: 1h'),
    want: [
      [
        '7:17',
        '`spiffe://a/*`: path segment characters are limited to letters, numbers, dots, dashes, and underscores',
      ],
    ],
  },
];

describeMistakes('an identity’s bounds', identities);
describeMistakes('an exception', exceptions);
describeMistakes('what an operation declares', operations);
describeMistakes('what a role covers', roles);
describeMistakes('a task profile', profiles);
