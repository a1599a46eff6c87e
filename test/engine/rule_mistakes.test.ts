// What an operator may get wrong in a rule, and what is then told.

import { describeMistakes, type Mistake } from './mistakes.ts';

const P = (rule: string) =>
  `kind: Policy\nmetadata: {name: p, namespace: n}\nspec: {rules: [${rule}]}`;
const ONE_OF_THE_PRINCIPAL_KINDS = 'one of workload, agent, ci, third_party, gateway, human';

const rules: Mistake[] = [
  {
    name: 'no from',
    text: P('{id: a, effect: permit, to: {}}'),
    want: [['3:16', 'spec.rules[0].from is missing', 'a value of type object']],
  },
  {
    name: 'no to',
    text: P('{id: a, effect: forbid, from: {}}'),
    want: [['3:16', 'spec.rules[0].to is missing', 'a value of type object']],
  },
  {
    name: 'no effect',
    text: P('{id: a, from: {}, to: {}}'),
    want: [['3:16', 'spec.rules[0].effect is missing', 'one of permit, forbid']],
  },
  {
    name: 'an outcome in place of an effect',
    text: P('{id: a, effect: allow, from: {}, to: {}}'),
    want: [['3:32', '`allow` is no value of spec.rules[0].effect', 'one of permit, forbid']],
  },
  {
    name: 'an effect that is a map',
    text: P('{id: a, effect: {valueOf: 1, toString: 1}, from: {}, to: {}}'),
    want: [['3:32', '`a map` is no value of spec.rules[0].effect', 'one of permit, forbid']],
  },
  {
    name: 'a misspelt block',
    text: P('{id: a, effect: forbid, form: {}, to: {}}'),
    want: [
      ['3:16', 'spec.rules[0].from is missing', 'a value of type object'],
      [
        '3:40',
        'unknown field `form` in spec.rules[0]',
        'one of id, effect, from, to, require, condition, between, mode, obligations, crossTenant, suspendable',
        'from',
      ],
    ],
  },
  {
    name: 'a permit for everybody',
    text: P('{id: a, effect: permit, from: {}, to: {}}'),
    want: [['3:46', 'a permit says whom it permits', 'at least one key besides `not`']],
  },
  {
    name: 'a permit for everybody but some',
    text: P('{id: a, effect: permit, from: {not: {namespaces: [x]}}, to: {}}'),
    want: [['3:46', 'a permit says whom it permits', 'at least one key besides `not`']],
  },
  {
    name: 'a not within a not',
    text: P('{id: a, effect: forbid, from: {not: {not: {}}}, to: {}}'),
    want: [
      [
        '3:53',
        'unknown field `not` in spec.rules[0].from.not',
        'one of principals, trustDomains, namespaces, serviceAccounts, kinds, roles, actors, claims, runtime, ipBlocks',
      ],
    ],
  },
  {
    name: 'a not without a key, which would negate everything and silence the forbid',
    text: P('{id: a, effect: forbid, from: {not: {}}, to: {not: {}}}'),
    want: [
      ['3:52', '`not` without a key excludes everything', 'at least one key'],
      ['3:67', '`not` without a key excludes everything', 'at least one key'],
    ],
  },
  {
    name: 'anonymous within a not',
    text: P('{id: a, effect: forbid, from: {not: {anonymous: true}}, to: {}}'),
    want: [
      [
        '3:53',
        'unknown field `anonymous` in spec.rules[0].from.not',
        'one of principals, trustDomains, namespaces, serviceAccounts, kinds, roles, actors, claims, runtime, ipBlocks',
      ],
    ],
  },
  {
    name: 'anonymous denied in place of left out',
    text: P('{id: a, effect: forbid, from: {anonymous: false}, to: {}}'),
    want: [['3:58', 'spec.rules[0].from.anonymous: invalid input: expected true', 'true']],
  },
  {
    name: 'anonymous beside another key',
    text: P('{id: a, effect: forbid, from: {anonymous: true, namespaces: [x]}, to: {}}'),
    want: [['3:58', '`anonymous` stands alone: such a caller has nothing else']],
  },
  {
    name: 'anonymous beside a not',
    text: P(
      '{id: a, effect: forbid, from: {anonymous: true, not: {namespaces: [x]}}, to: ' + '{}}',
    ),
    want: [['3:58', '`anonymous` stands alone: such a caller has nothing else']],
  },
  {
    name: 'a kind of principal that there is not',
    text: P('{id: a, effect: forbid, from: {kinds: [robot]}, to: {}}'),
    want: [
      ['3:55', '`robot` is no value of spec.rules[0].from.kinds[0]', ONE_OF_THE_PRINCIPAL_KINDS],
    ],
  },
  {
    name: 'principals that are no patterns',
    text: P(
      '{id: a, effect: forbid, from: {principals: ["spiffe://*/x", "spiffe://a/x*", ' +
        '"spiffe://a", checkout]}, to: {}}',
    ),
    want: [
      ['3:60', '`spiffe://*/x`: the trust domain of a pattern is written out, without `*`'],
      [
        '3:76',
        '`spiffe://a/x*`: in a pattern `*` stands for one whole path segment, never ' +
          'for a part of it',
      ],
      ['3:93', '`spiffe://a`: a pattern has a path: it names workloads'],
      ['3:107', '`checkout`: a SPIFFE ID starts with `spiffe://`, in lower case'],
    ],
  },
  {
    name: 'trust domains that are none',
    text: P('{id: a, effect: forbid, from: {trustDomains: [A, "*.example"]}, to: {}}'),
    want: [
      [
        '3:62',
        '`A`: trust domain characters are limited to lower-case letters, numbers, ' +
          'dots, dashes, and underscores',
      ],
      [
        '3:65',
        '`*.example`: trust domain characters are limited to lower-case letters, ' +
          'numbers, dots, dashes, and underscores',
      ],
    ],
  },
  {
    name: 'patterns with a star elsewhere than at one end',
    text: P('{id: a, effect: forbid, from: {namespaces: ["a*b", "**", "*a*"]}, to: {}}'),
    want: [
      ['3:60', '`a*b`: `*` stands alone or at one end'],
      ['3:67', '`**`: `*` stands alone or at one end'],
      ['3:73', '`*a*`: `*` stands alone or at one end'],
    ],
  },
  {
    name: 'service accounts without namespace, or as patterns',
    text: P(
      '{id: a, effect: forbid, from: {serviceAccounts: [checkout, "shop/*", a/b/c, ' +
        '/x]}, to: {}}',
    ),
    want: [
      ['3:65', '`checkout`: expected `namespace/name`'],
      ['3:75', '`shop/*`: expected `namespace/name`'],
      ['3:85', '`a/b/c`: expected `namespace/name`'],
      ['3:92', '`/x`: expected `namespace/name`'],
    ],
  },
  {
    name: 'a resource pattern without a literal type',
    text: P('{id: a, effect: forbid, from: {}, to: {resources: ["*", "*/a", "{a}/b"]}}'),
    want: [
      ['3:67', '`*`: `*` is no resource type; the type is always literal'],
      ['3:72', '`*/a`: `*` is no resource type; the type is always literal'],
      ['3:79', '`{a}/b`: `{a}` is no resource type; the type is always literal'],
    ],
  },
  {
    name: 'resource patterns with a star that is no segment',
    text: P(
      '{id: a, effect: forbid, from: {}, to: {resources: ["a/b*", "a/**/c", ' + '"a/b/***"]}}',
    ),
    want: [
      [
        '3:67',
        '`a/b*`: `b*` is no whole segment; `*` stands for one, a trailing `**` for ' + 'the rest',
      ],
      [
        '3:75',
        '`a/**/c`: `**` is no whole segment; `*` stands for one, a trailing `**` for ' + 'the rest',
      ],
      [
        '3:85',
        '`a/b/***`: `***` is no whole segment; `*` stands for one, a trailing `**` ' +
          'for the rest',
      ],
    ],
  },
  {
    name: 'resource patterns with empty segments',
    text: P('{id: a, effect: forbid, from: {}, to: {resources: [a, a/, a/b//c]}}'),
    want: [
      ['3:67', '`a`: `a` has no id'],
      ['3:70', '`a/`: `a/` has an empty segment'],
      ['3:74', '`a/b//c`: `a/b//c` has an empty segment'],
    ],
  },
  {
    name: 'an environment with a star inside',
    text: P('{id: a, effect: forbid, from: {}, to: {environments: ["p*d"]}}'),
    want: [['3:70', '`p*d`: `*` stands alone or at one end']],
  },
  {
    name: 'a shadow rule without an end',
    text: P('{id: a, effect: forbid, from: {}, to: {}, mode: {shadow: true}}'),
    want: [['3:64', 'spec.rules[0].mode.until is missing', 'a value of type string']],
  },
  {
    name: 'a shadow rule until a day',
    text: P(
      '{id: a, effect: forbid, from: {}, to: {}, mode: {shadow: true, until: ' + '2027-01-01}}',
    ),
    want: [['3:86', 'spec.rules[0].mode.until: must be a time such as 2026-12-01T18:00:00Z']],
  },
  {
    name: 'a shadow rule until a local time',
    text: P(
      '{id: a, effect: forbid, from: {}, to: {}, mode: {shadow: true, until: ' +
        '2027-01-01T00:00:00}}',
    ),
    want: [['3:86', 'spec.rules[0].mode.until: must be a time such as 2026-12-01T18:00:00Z']],
  },
  {
    name: 'a mode that is a word',
    text: P('{id: a, effect: forbid, from: {}, to: {}, mode: shadow}'),
    want: [
      [
        '3:64',
        'spec.rules[0].mode: invalid input: expected object, received string',
        'a value of type object',
      ],
    ],
  },
  {
    name: 'two rules with one id',
    text: P(
      '{id: a, effect: forbid, from: {}, to: {}}, {id: a, effect: forbid, from: {}, ' + 'to: {}}',
    ),
    want: [['3:64', 'a second rule `a` in this policy']],
  },
];

describeMistakes('a rule', rules);
