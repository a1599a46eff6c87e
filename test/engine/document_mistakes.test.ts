// What an operator may get wrong in any document, an Identity and an Enforcer, and what is told.

import { describeMistakes, type Mistake } from './mistakes.ts';

const I = (spec: string) => `kind: Identity\nmetadata: {name: i}\nspec: ${spec}`;
const E = (spec: string) => `kind: Enforcer\nmetadata: {name: e}\nspec: ${spec}`;
const ONE_OF_THE_KINDS =
  'one of Service, Policy, Role, Exception, Identity, Issuer, Enforcer, TaskProfile, Test';
const ONE_OF_THE_PRINCIPAL_KINDS = 'one of workload, agent, ci, third_party, gateway, human';

const documents: Mistake[] = [
  {
    name: 'a document without a kind',
    text: 'metadata: {name: s}',
    want: [['1:1', 'kind is missing', ONE_OF_THE_KINDS]],
  },
  {
    name: 'a misspelt `kind`',
    text: 'knid: Service',
    want: [['1:1', 'kind is missing', ONE_OF_THE_KINDS]],
  },
  {
    name: 'a misspelt kind',
    text: 'kind: Polciy\nmetadata: {}',
    want: [['1:7', 'unknown kind `Polciy`', ONE_OF_THE_KINDS, 'Policy']],
  },
  {
    name: 'a kind in another case',
    text: 'kind: service',
    want: [['1:7', 'unknown kind `service`', ONE_OF_THE_KINDS, 'Service']],
  },
  {
    name: 'a kind that is a list',
    text: 'kind: [Service]',
    want: [['1:7', 'unknown kind `a list`', ONE_OF_THE_KINDS]],
  },
  {
    name: 'a kind that is a map with a key that objects know',
    text: 'kind: {toString: 1}',
    want: [['1:7', 'unknown kind `a map`', ONE_OF_THE_KINDS]],
  },
  {
    name: 'a kind that every object has',
    text: 'kind: constructor',
    want: [['1:7', 'unknown kind `constructor`', ONE_OF_THE_KINDS]],
  },
  {
    name: 'a list in place of a document',
    text: '- a\n- b',
    want: [['1:1', 'kind is missing', ONE_OF_THE_KINDS]],
  },
  {
    name: 'another version of the language',
    text:
      'apiVersion: remit.mesh/v2\n' +
      'kind: Policy\n' +
      'metadata: {name: p, namespace: n}\n' +
      'spec: {rules: []}',
    want: [['1:13', 'apiVersion: invalid input: expected "remit.mesh/v1"', 'remit.mesh/v1']],
  },
  {
    name: 'no metadata and no spec',
    text: 'kind: Policy',
    want: [
      ['1:1', 'metadata is missing', 'a value of type object'],
      ['1:1', 'spec is missing', 'a value of type object'],
    ],
  },
  {
    name: 'a Service without a namespace',
    text: 'kind: Service\nmetadata: {name: s}\nspec: {operations: {}}',
    want: [['2:11', 'metadata.namespace is missing', 'a value of type string']],
  },
  {
    name: 'a name in upper case',
    text: 'kind: Policy\nmetadata: {name: Pay, namespace: n}\nspec: {rules: []}',
    want: [['2:18', 'metadata.name: must be 1 to 63 of a-z, 0-9, `.` and `-`']],
  },
  {
    name: 'a name with a slash',
    text: 'kind: Policy\nmetadata: {name: a/b, namespace: n}\nspec: {rules: []}',
    want: [['2:18', 'metadata.name: must be 1 to 63 of a-z, 0-9, `.` and `-`']],
  },
  {
    name: 'a name that ends with a line feed',
    text: 'kind: Policy\nmetadata: {name: "a\\n", namespace: n}\nspec: {rules: []}',
    want: [['2:18', 'metadata.name: must be 1 to 63 of a-z, 0-9, `.` and `-`']],
  },
  {
    name: 'a name of 64 characters',
    text:
      'kind: Policy\n' +
      'metadata: {name: ' +
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, namespace: ' +
      'n}\n' +
      'spec: {rules: []}',
    want: [['2:18', 'metadata.name: must be 1 to 63 of a-z, 0-9, `.` and `-`']],
  },
  {
    name: 'a name that YAML reads as a number',
    text: 'kind: Policy\nmetadata: {name: 1e3, namespace: n}\nspec: {rules: []}',
    want: [
      [
        '2:18',
        'metadata.name: invalid input: expected string, received number',
        'a value of type string',
      ],
    ],
  },
  {
    name: 'a namespace that YAML reads as nothing',
    text: 'kind: Policy\nmetadata: {name: a, namespace: null}\nspec: {rules: []}',
    want: [
      [
        '2:32',
        'metadata.namespace: invalid input: expected string, received null',
        'a value of type string',
      ],
    ],
  },
  {
    name: 'a date that does not exist',
    text:
      'kind: Policy\n' +
      'metadata: {name: a, namespace: n, reviewBy: 2027-02-30}\n' +
      'spec: {rules: []}',
    want: [['2:45', 'metadata.reviewBy: must be a date that exists, such as 2027-03-01']],
  },
  {
    name: 'a date in words',
    text:
      'kind: Policy\n' +
      'metadata: {name: a, namespace: n, reviewBy: soon}\n' +
      'spec: {rules: []}',
    want: [['2:45', 'metadata.reviewBy: must be a date that exists, such as 2027-03-01']],
  },
];

const identities: Mistake[] = [
  {
    name: 'no SPIFFE ID',
    text: I('{}'),
    want: [['3:7', 'names nobody', '`spiffe`, or `issuer` and `subject`']],
  },
  {
    name: 'an ID without a path',
    text: I('{spiffe: spiffe://a}'),
    want: [['3:16', '`spiffe://a`: a pattern has a path: it names workloads']],
  },
  {
    name: 'a wildcard for a trust domain',
    text: I('{spiffe: "spiffe://*/b"}'),
    want: [['3:16', '`spiffe://*/b`: the trust domain of a pattern is written out, without `*`']],
  },
  {
    name: 'a kind that there is not',
    text: I('{spiffe: spiffe://a/b, kind: user}'),
    want: [['3:36', '`user` is no value of spec.kind', ONE_OF_THE_PRINCIPAL_KINDS]],
  },
  {
    name: 'a pattern for agents',
    text: I('{spiffe: "spiffe://a/*", kind: agent}'),
    want: [['3:16', 'an agent is named exactly, not by a pattern']],
  },
  {
    name: 'a third party, which needs a ceiling',
    text: I('{spiffe: spiffe://a/b, kind: third_party}'),
    want: [
      [
        '3:36',
        'a third party needs a ceiling: what no rule can exceed for it',
        '`ceiling` beside it',
      ],
    ],
  },
];

const enforcers: Mistake[] = [
  {
    name: 'one that nobody can be',
    text: E('{type: gateway, asserts: {destinations: ["*"]}}'),
    want: [['3:7', 'nobody can be this enforcer', '`identities`, or `local: true`']],
  },
  {
    name: 'a type that there is not',
    text: E('{type: proxy, local: true, asserts: {}}'),
    want: [['3:14', '`proxy` is no value of spec.type', 'one of sidecar, waypoint, gateway']],
  },
  {
    name: 'no asserts',
    text: E('{type: gateway, local: true}'),
    want: [['3:7', 'spec.asserts is missing', 'a value of type object']],
  },
  {
    name: 'a gateway without destinations',
    text: E('{type: gateway, local: true, asserts: {}}'),
    want: [['3:45', 'a gateway asks about many destinations', '`destinations`, `["*"]` for all']],
  },
  {
    name: 'a sidecar with destinations',
    text: E('{type: sidecar, identities: ["spiffe://a/*"], asserts: {destinations: ["*"]}}'),
    want: [
      [
        '3:77',
        'a sidecar asks about the workload it stands beside and nothing else',
        'no destinations',
      ],
    ],
  },
  {
    name: 'a local sidecar without an exact identity',
    text: E('{type: sidecar, local: true, identities: ["spiffe://a/*"], asserts: {}}'),
    want: [
      [
        '3:7',
        'a local sidecar shows no identity of its own',
        '`identities` with the exact workload beside it',
      ],
    ],
  },
  {
    name: 'a misspelt assertion',
    text: E(
      '{type: gateway, local: true, asserts: {peer: [principals], destinations: ' + '["*"]}}',
    ),
    want: [
      [
        '3:53',
        '`principals` is no value of spec.asserts.peer[0]',
        'one of principal, certificate, xfcc, clientCert, metadata, anonymous',
        'principal',
      ],
    ],
  },
  {
    name: 'identities and destinations that are no patterns',
    text: E('{type: gateway, identities: [x], asserts: {destinations: [y]}}'),
    want: [
      ['3:36', '`x`: a SPIFFE ID starts with `spiffe://`, in lower case'],
      ['3:7', 'nobody can be this enforcer', '`identities`, or `local: true`'],
      ['3:65', '`y`: a SPIFFE ID starts with `spiffe://`, in lower case'],
    ],
  },
  {
    name: 'assertions that nobody verifies, as warnings',
    text: E(
      '{type: gateway, local: true, asserts: {peer: [clientCert, metadata, xfcc], destinations: ["*"]}}',
    ),
    want: [
      [
        '3:53',
        'warning: `clientCert` is verified by no Issuer of the bundle: ' +
          'it proves nothing and is ignored',
      ],
      [
        '3:65',
        'warning: `metadata` is verified by no Issuer of the bundle: ' +
          'it proves nothing and is ignored',
      ],
    ],
  },
  {
    name: 'a certificate that nobody verifies, as a warning',
    text: E('{type: gateway, local: true, asserts: {peer: [certificate], destinations: ["*"]}}'),
    want: [
      [
        '3:53',
        'warning: `certificate` is verified by no Issuer of the bundle: ' +
          'it proves nothing and is ignored',
      ],
    ],
  },
];

describeMistakes('any document', documents);
describeMistakes('an Identity', identities);
describeMistakes('an Enforcer', enforcers);
