// What a rule speaks of (DESIGN section 6, "to"): keys AND, items OR, `not` negates its block; and
// what a permit has to name before it reaches it (C-028).

import assert from 'node:assert/strict';
import {
  answerTo,
  CHECKOUT,
  type Document,
  GATEWAY,
  identity,
  policy,
  service,
  snapshotOf,
  TRUST_DOMAIN,
} from './fixture.ts';

const WHO = { trustDomains: [TRUST_DOMAIN] };
const id = (name: string) => `spiffe://${TRUST_DOMAIN}/ns/x/sa/${name}`;

/** Three services of one namespace and one of another; each operation is asked for by its name. */
const SERVICES = [
  service('docs', {
    destinations: [id('docs')],
    environment: 'prod',
    operations: {
      'doc.read': { http: 'GET /doc/{id}', resource: 'doc/{path.id}' },
      'doc.write': { http: 'PUT /doc/{id}', resource: 'doc/{path.id}' },
      'folder.read': { http: 'GET /folder/{rest=**}', resource: 'folder/{path.rest}' },
    },
  }),
  service('keys', {
    destinations: [id('keys')],
    environment: 'prod-eu',
    operations: {
      'key.read': { http: 'GET /key' },
      'key.rotate': { http: 'POST /key', verb: 'rotate' },
      'key.grant': { http: 'POST /grant', verb: 'delegate' },
      'key.raise': { http: 'POST /raise', verb: 'escalate' },
      'key.admin': { http: 'POST /admin', verb: 'admin' },
      'admin.read': { http: 'GET /settings', resource: 'admin/settings' },
    },
  }),
  service('lab', { destinations: [id('lab')], operations: { 'lab.read': { http: 'GET /lab' } } }),
  service(
    'docs',
    { destinations: [id('other')], operations: { 'other.read': { http: 'GET /other' } } },
    'other',
  ),
];

const REQUESTS: Readonly<Record<string, [destination: string, http: string]>> = {
  'doc/1 read': ['docs', 'GET /doc/1'],
  'doc/2 read': ['docs', 'GET /doc/2'],
  'doc/1 write': ['docs', 'PUT /doc/1'],
  'folder a/b': ['docs', 'GET /folder/a/b'],
  'key read': ['keys', 'GET /key'],
  'key rotate': ['keys', 'POST /key'],
  'key delegate': ['keys', 'POST /grant'],
  'key escalate': ['keys', 'POST /raise'],
  'key admin': ['keys', 'POST /admin'],
  'admin/settings': ['keys', 'GET /settings'],
  lab: ['lab', 'GET /lab'],
  other: ['other', 'GET /other'],
};

function meshOf(rules: readonly Document[]) {
  return snapshotOf([...SERVICES, policy('p', rules), GATEWAY, identity(CHECKOUT)]);
}

function asked(rules: readonly Document[], wanted: string): string {
  const mesh = meshOf(rules);
  const found = Object.entries(REQUESTS).filter(([, [name, http]]) => {
    return answerTo(mesh, { destination: id(name), http }) === wanted;
  });
  return found.map(([request]) => request).join(', ');
}

const permitted = (to: Document) => asked([{ id: 'a', effect: 'permit', from: WHO, to }], 'allow');
const forbidden = (to: Document) =>
  asked([{ id: 'a', effect: 'forbid', from: WHO, to }], 'authz.forbidden');

const DOCS = 'doc/1 read, doc/2 read, doc/1 write, folder a/b';
const STRONG = 'key rotate, key delegate, key escalate, key admin';
const WEAK = `${DOCS}, key read, lab`;
const ALL = `${DOCS}, key read, ${STRONG}, admin/settings, lab`;

/** A permit, and a forbid where it reaches more than the permit. */
const blocks: { name: string; to: Document; permits: string; forbids?: string }[] = [
  { name: 'everything of its namespace', to: {}, permits: WEAK, forbids: ALL },
  { name: 'any service', to: { services: ['*'] }, permits: WEAK, forbids: ALL },
  { name: 'a service', to: { services: ['docs'] }, permits: DOCS },
  { name: 'a service by its id', to: { services: ['pay/docs'] }, permits: DOCS },
  { name: 'services that begin alike', to: { services: ['do*'] }, permits: DOCS },
  { name: 'an operation', to: { operations: ['doc.read'] }, permits: 'doc/1 read, doc/2 read' },
  {
    name: 'an operation of a service',
    to: { operations: ['docs/doc.write', 'pay/lab/lab.read'] },
    permits: 'doc/1 write, lab',
  },
  {
    name: 'operations that begin or end alike',
    to: { operations: ['doc.*', '*.read'] },
    permits: `${DOCS}, key read, lab`,
    forbids: `${DOCS}, key read, admin/settings, lab`,
  },
  {
    name: 'operations of a service that begin alike',
    to: { operations: ['docs/*'], services: ['*'] },
    permits: DOCS,
  },
  { name: 'a verb', to: { verbs: ['write'] }, permits: 'doc/1 write' },
  {
    name: 'verbs in a service',
    to: { verbs: ['read', 'write'], services: ['docs'] },
    permits: DOCS,
  },
  { name: 'a resource', to: { resources: ['doc/1'] }, permits: 'doc/1 read, doc/1 write' },
  {
    name: 'a resource and a verb',
    to: { resources: ['doc/1'], verbs: ['read'] },
    permits: 'doc/1 read',
  },
  {
    name: 'any resource of a type',
    to: { resources: ['doc/*'] },
    permits: 'doc/1 read, doc/2 read, doc/1 write',
  },
  { name: 'one segment, which two are not', to: { resources: ['folder/*'] }, permits: '' },
  { name: 'the rest of a resource', to: { resources: ['folder/**'] }, permits: 'folder a/b' },
  { name: 'a type without any operation', to: { resources: ['queue/*'] }, permits: '' },
  { name: 'an environment', to: { environments: ['prod'] }, permits: DOCS },
  {
    name: 'environments that begin alike',
    to: { environments: ['prod*'] },
    permits: `${DOCS}, key read`,
    forbids: `${DOCS}, key read, ${STRONG}, admin/settings`,
  },
  {
    name: 'any environment, which not all have',
    to: { environments: ['*'], verbs: ['read'] },
    permits: 'doc/1 read, doc/2 read, folder a/b, key read',
    forbids: 'doc/1 read, doc/2 read, folder a/b, key read, admin/settings',
  },
  {
    name: 'all but a service',
    to: { not: { services: ['docs', 'keys'] } },
    permits: 'lab',
  },
  {
    name: 'all but an environment, also what has none',
    to: { not: { environments: ['prod*'] } },
    permits: 'lab',
  },
  {
    name: 'a service but for a resource',
    to: { services: ['docs'], not: { resources: ['doc/1'] } },
    permits: 'doc/2 read, folder a/b',
  },
  {
    name: 'a service but for a verb on a resource: both keys of `not` have to hold',
    to: { services: ['docs'], not: { verbs: ['write'], resources: ['doc/1'] } },
    permits: 'doc/1 read, doc/2 read, folder a/b',
  },
  {
    name: 'a service but for a resource of another service, which is no exception',
    to: { services: ['docs'], not: { services: ['lab'], resources: ['doc/1'] } },
    permits: DOCS,
  },
  {
    name: 'a resource but for another, with patterns in both',
    to: { resources: ['doc/*'], not: { resources: ['doc/1', 'folder/**'] } },
    permits: 'doc/2 read',
  },
  {
    name: 'all but an operation',
    to: { services: ['docs'], not: { operations: ['folder.read', '*.write'] } },
    permits: 'doc/1 read, doc/2 read',
  },
];

describe('a rule to', () => {
  for (const { name, to, permits, forbids = permits } of blocks) {
    it(`${name} permits ${permits || 'nothing'}`, () => assert.equal(permitted(to), permits));
    it(`${name} forbids ${forbids || 'nothing'}`, () => assert.equal(forbidden(to), forbids));
  }

  it('never reaches another namespace, whatever it says', () => {
    for (const { to } of blocks) {
      assert.ok(!permitted(to).includes('other') && !forbidden(to).includes('other'));
    }
  });
});

/** C-028: what is strong is reached by its own name only. */
const strong: { name: string; to: Document; permits: string }[] = [
  {
    name: 'a verb by its name',
    to: { verbs: ['rotate', 'admin', 'delegate', 'escalate'] },
    permits: STRONG,
  },
  {
    name: 'one verb of several',
    to: { verbs: ['read', 'rotate'] },
    permits: `doc/1 read, doc/2 read, folder a/b, key read, key rotate, lab`,
  },
  { name: 'an operation by its name', to: { operations: ['key.admin'] }, permits: 'key admin' },
  {
    name: 'an operation by its name and a pattern',
    to: { operations: ['key.*', 'keys/key.rotate'] },
    permits: 'key read, key rotate',
  },
  { name: 'not an operation by a pattern', to: { operations: ['key.*'] }, permits: 'key read' },
  { name: 'not a service by its name', to: { services: ['keys'] }, permits: 'key read' },
  {
    name: 'not a resource type by its name',
    to: { resources: ['service/*'] },
    permits: 'key read, lab',
  },
  {
    name: 'not by naming what is not meant',
    to: { services: ['keys'], not: { verbs: ['read'] } },
    permits: '',
  },
  {
    name: 'an admin resource by its type',
    to: { resources: ['admin/*'] },
    permits: 'admin/settings',
  },
  { name: '… or by its id', to: { resources: ['admin/settings'] }, permits: 'admin/settings' },
  { name: '… or by its operation', to: { operations: ['admin.read'] }, permits: 'admin/settings' },
  { name: '… not by an operation pattern', to: { operations: ['admin.*'] }, permits: '' },
  { name: '… not by its verb', to: { verbs: ['read'], services: ['keys'] }, permits: 'key read' },
  {
    name: '… not by resources of another type',
    to: { resources: ['service/**', 'doc/**'], services: ['keys'] },
    permits: 'key read',
  },
];

describe('C-028: a permit reaches what is strong', () => {
  for (const { name, to, permits } of strong) {
    it(name, () => assert.equal(permitted(to), permits));
  }

  it('with a strong verb on an admin resource when it names both, or the operation', () => {
    const operations = { wipe: { http: 'POST /a', verb: 'admin', resource: 'admin/all' } };
    const pay = service('payments', { destinations: [id('docs')], operations });
    const answer = (to: Document) => {
      const rules = [{ id: 'a', effect: 'permit', from: WHO, to }];
      const mesh = snapshotOf([pay, policy('p', rules), GATEWAY, identity(CHECKOUT)]);
      return answerTo(mesh, { destination: id('docs'), http: 'POST /a' });
    };
    assert.equal(answer({ verbs: ['admin'] }), 'authz.resource');
    assert.equal(answer({ resources: ['admin/*'] }), 'authz.verb');
    assert.equal(answer({ verbs: ['admin'], resources: ['admin/*'] }), 'allow');
    assert.equal(answer({ operations: ['wipe'] }), 'allow');
  });

  it('while a forbid reaches it without naming anything', () => {
    assert.equal(forbidden({ services: ['keys'] }), `key read, ${STRONG}, admin/settings`);
  });
});
