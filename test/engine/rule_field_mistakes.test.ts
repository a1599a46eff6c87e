// Mistakes in the fields of rules: each is told once, at its place, with what was expected. What
// follows S stands from line 5 on.

import { describeMistakes, type Mistake } from './mistakes.ts';

const M = 'metadata: {name: x, namespace: n}';
const S = `kind: Service\n${M}\nspec: {operations: {op: {http: GET /a}}}\n---\n`;
const R = (fields: string) =>
  `${S}kind: Policy\n${M}\nspec: {rules: [{id: a, effect: permit, ${fields}}]}`;
const F = (fields: string) =>
  `${S}kind: Policy\n${M}\nspec: {rules: [{id: a, effect: forbid, ${fields}}]}`;
const W = 'from: {kinds: [ci]}, to: {}';

const rules: Mistake[] = [
  {
    name: 'a role that is not there',
    text: R('from: {roles: [editor]}, to: {}'),
    want: [['7:55', 'no role `editor` in namespace `n`']],
  },
  {
    name: 'a role in a forbid with a slip',
    text: `kind: Role\nmetadata: {name: editor, namespace: n}\nspec: {covers: [{resources: [a/b]}]}\n---\n${F('from: {roles: [editr]}, to: {}')}`,
    want: [['11:55', 'no role `editr` in namespace `n`', 'one of n/editor']],
  },
  {
    name: 'an actor that is no SPIFFE ID',
    text: R('from: {actors: [bob]}, to: {}'),
    want: [['7:56', '`bob`: a SPIFFE ID starts with `spiffe://`, in lower case']],
  },
  {
    name: 'a claim with a star inside',
    text: R('from: {claims: {team: ["a*b"]}}, to: {}'),
    want: [['7:63', '`a*b`: `*` stands alone or at one end']],
  },
  {
    name: 'a claim without values',
    text: R('from: {claims: {team: []}}, to: {}'),
    want: [['7:62', 'spec.rules[0].from.claims.team: too small: expected array to have >=1 items']],
  },
  {
    name: 'no claims at all',
    text: R('from: {claims: {}}, to: {}'),
    want: [['7:55', 'names nothing', 'at least one name']],
  },
  {
    name: 'a runtime fact that is no text',
    text: R('from: {kinds: [ci], runtime: {region: [1]}}, to: {}'),
    want: [
      [
        '7:79',
        'spec.rules[0].from.runtime.region[0]: invalid input: expected string, received number',
        'a value of type string',
      ],
    ],
  },
  {
    name: 'a block that is no block',
    text: R('from: {kinds: [ci], ipBlocks: [10.0.0.0/33, 10.0.0.1/8, localhost]}, to: {}'),
    want: [
      ['7:71', '`10.0.0.0/33`: expected a block such as 10.0.0.0/8'],
      ['7:84', '`10.0.0.1/8`: expected a block such as 10.0.0.0/8'],
      ['7:96', '`localhost`: expected a block such as 10.0.0.0/8'],
    ],
  },
  {
    name: 'a network location alone',
    text: R('from: {ipBlocks: [10.0.0.0/8], runtime: {a: [b]}}, to: {}'),
    want: [
      [
        '7:46',
        'where a request comes from permits nothing by itself',
        'a key that names the caller beside it',
      ],
    ],
  },
  {
    name: 'a data class in another case',
    text: R('from: {kinds: [ci]}, to: {dataClasses: [Internal]}'),
    want: [
      [
        '7:80',
        '`Internal` is no value of spec.rules[0].to.dataClasses[0]',
        'one of public, internal, confidential, restricted',
        'internal',
      ],
    ],
  },
  {
    name: 'a tier beyond the last',
    text: R('from: {kinds: [ci]}, to: {tiers: [5]}'),
    want: [['7:74', 'spec.rules[0].to.tiers[0]: too big: expected number to be <=4']],
  },
  {
    name: 'anonymous beside a role',
    text: R('from: {anonymous: true, roles: [x]}, to: {}'),
    want: [
      ['7:58', '`anonymous` stands alone: such a caller has nothing else'],
      ['7:72', 'no role `x` in namespace `n`'],
    ],
  },
  {
    name: 'an empty not',
    text: R('from: {kinds: [ci], not: {}}, to: {not: {}}'),
    want: [
      ['7:65', '`not` without a key excludes everything', 'at least one key'],
      ['7:80', '`not` without a key excludes everything', 'at least one key'],
    ],
  },
  {
    name: 'a forbid that requires',
    text: F('from: {}, to: {}, require: {assurance: svid}'),
    want: [
      ['7:67', 'a forbid requires nothing: it holds whatever the proof', '`condition`, or `not`'],
    ],
  },
  {
    name: 'nothing required',
    text: R(`${W}, require: {}`),
    want: [['7:78', 'requires nothing', 'a key']],
  },
  {
    name: 'an assurance that is none',
    text: R(`${W}, require: {assurance: mtls}`),
    want: [
      [
        '7:90',
        '`mtls` is no value of spec.rules[0].require.assurance',
        'one of none, apikey, bearer, asserted, svid, bound',
      ],
    ],
  },
  {
    name: 'bound that is false',
    text: R(`${W}, require: {bound: false}`),
    want: [['7:86', 'spec.rules[0].require.bound: invalid input: expected true', 'true']],
  },
  {
    name: 'an age that is no duration',
    text: R(`${W}, require: {maxAge: 1 hour}`),
    want: [
      [
        '7:87',
        'spec.rules[0].require.maxAge: must be a whole number with `s`, `m`, `h` or `d` behind it, as `24h`',
      ],
    ],
  },
  {
    name: 'a task of no profile',
    text: R(`${W}, require: {task: refund}`),
    want: [['7:85', 'no TaskProfile `refund` in namespace `n`']],
  },
  {
    name: 'a window without limits',
    text: R(`${W}, between: {}`),
    want: [['7:78', 'a window without limits', 'days, or from and to']],
  },
  {
    name: 'a window without an end',
    text: R(`${W}, between: {from: "08:00"}`),
    want: [['7:78', '`to` is missing', 'from and to, or neither']],
  },
  {
    name: 'a window at no time',
    text: R(`${W}, between: {from: "25:00", to: "18:00"}`),
    want: [['7:85', '`25:00` is no time of a day', '00:00 to 23:59']],
  },
  {
    name: 'a window in no zone',
    text: R(`${W}, between: {from: "08:00", to: "18:00", tz: Europe/Berln}`),
    want: [
      [
        '7:111',
        '`Europe/Berln` is no time zone',
        'a name of the IANA time zone database, such as Europe/Berlin',
      ],
    ],
  },
  {
    name: 'a window on a day that is none',
    text: R(`${W}, between: {days: [sunday]}`),
    want: [
      [
        '7:86',
        '`sunday` is no value of spec.rules[0].between.days[0]',
        'one of mon, tue, wed, thu, fri, sat, sun',
      ],
    ],
  },
  {
    name: 'a header that rules may not set',
    text: R(`${W}, obligations: {headers: {X-A: b, authorization: x, x_remit_principal: y}}`),
    want: [
      ['7:98', '`X-A` is no header name in lower case'],
      ['7:116', '`authorization` is not for rules to set'],
      ['7:138', '`x_remit_principal` is not for rules to set'],
    ],
  },
  {
    name: 'a header value that is no ASCII',
    text: R(`${W}, obligations: {headers: {x-a: "ä"}}`),
    want: [['7:98', 'a header value is printable ASCII']],
  },
  {
    name: 'a denial body of a permit',
    text: R(`${W}, obligations: {denialBody: no}`),
    want: [['7:95', 'is said of a forbid']],
  },
  {
    name: 'headers of a forbid',
    text: F(`from: {}, to: {}, obligations: {headers: {x-a: b}}`),
    want: [['7:81', 'are said of a permit: a denied request ends here']],
  },
  {
    name: 'metadata that is a list',
    text: R(`${W}, obligations: {metadata: {a: [1]}}`),
    want: [['7:97', 'spec.rules[0].obligations.metadata.a: invalid input']],
  },
  {
    name: 'a permit that is suspendable',
    text: R(`${W}, suspendable: true`),
    want: [['7:82', 'is said of a forbid']],
  },
  {
    name: 'a condition that is no CEL',
    text: R(`${W}, condition: "1 +"`),
    want: [['7:80', 'at character 4 of the condition: the condition ends here', 'a value']],
  },
  {
    name: 'a condition that is no boolean',
    text: R(`${W}, condition: "1 + 1"`),
    want: [['7:80', 'at character 3 of the condition: the condition gives `int`', 'bool']],
  },
  {
    name: 'a condition about a variable that is none',
    text: R(`${W}, condition: "principl.id == ''"`),
    want: [
      [
        '7:80',
        'at character 1 of the condition: there is no variable `principl`',
        undefined,
        'principal',
      ],
    ],
  },
  {
    name: 'a condition that reads all headers',
    text: R(`${W}, condition: "size(request.headers) > 0"`),
    want: [['7:80', 'a condition reads headers one by one', "`request.headers['name']`"]],
  },
  {
    name: 'a condition about a header in upper case',
    text: R(`${W}, condition: "request.headers['X-A'] == '1'"`),
    want: [
      [
        '7:80',
        '`request.headers.X-A` is never there: names of headers are in lower case',
        'request.headers.x-a',
      ],
    ],
  },
  {
    name: 'a forbid about a header in upper case',
    text: F(`from: {}, to: {}, condition: "'X-A' in request.headers"`),
    want: [
      [
        '7:69',
        '`request.headers.X-A` is never there: names of headers are in lower case',
        'request.headers.x-a',
      ],
    ],
  },
  {
    name: 'an optional header in upper case',
    text: F(`from: {}, to: {}, condition: "request.headers[?'X-A'].orValue('') == 'b'"`),
    want: [
      [
        '7:69',
        '`request.headers.X-A` is never there: names of headers are in lower case',
        'request.headers.x-a',
      ],
    ],
  },
];

describeMistakes('a field of a rule', rules);
