// By hand: the questions up to the operation and what the enforcer asserts (docs/semantics.md, "The
// order of questions", 1 to 7).

import type { Doc } from '../vocabulary.ts';
import { CART, type HandCase, LEDGER } from '../world.ts';

const everybody = { trustDomains: ['td.example', 'other.example'] };
const permit = { id: 'permit', effect: 'permit', from: everybody, to: {} };
const asksEnvironment = { asserts: { environment: ['prod', 'dev'], tenant: ['acme', 'blue'] } };
const open = { environment: undefined };
const devPermit = [{ ...permit, to: { environments: ['dev'] } }];

const TOOLS: Doc = {
  kind: 'Service',
  metadata: { name: 'tools', namespace: 'pay' },
  spec: {
    destinations: ['spiffe://td.example/ns/pay/sa/tools'],
    mcp: { path: '/mcp' },
    operations: {
      look: { mcp: 'tools/call look_up', verb: 'read', resource: 'customer/{args.id}' },
    },
  },
};

const IDP: Doc = {
  kind: 'Issuer',
  metadata: { name: 'idp' },
  spec: {
    jwt: {
      issuer: 'https://idp.example',
      jwks: { url: 'https://idp.example/keys' },
      audiences: ['pay'],
      locations: [{ cookie: 'session' }],
    },
  },
};

export const ORDER_CASES: readonly HandCase[] = [
  { name: 'denies by default', want: 'authz.no_match' },
  { name: 'allows what a permit matches', rules: [permit], want: 'allow' },

  {
    name: 'means no caller with a SPIFFE ID by the subject of a token',
    rules: [{ ...permit, from: { principals: ['idp#alice', `idp#${CART}`] } }],
    documents: [IDP],
    want: 'authz.no_match',
  },
  {
    name: 'spares no caller with a SPIFFE ID by the subject of a token',
    rules: [
      permit,
      { id: 'f', effect: 'forbid', from: { not: { principals: [`idp#${CART}`] } }, to: {} },
    ],
    documents: [IDP],
    want: 'authz.forbidden',
  },
  {
    name: 'knows nobody on whose behalf a caller without a token acts',
    rules: [{ ...permit, from: { ...everybody, actors: ['idp#alice', CART] } }],
    documents: [IDP],
    want: 'authz.no_match',
  },

  // 2 and 3: who asks, who calls.
  {
    name: 'answers nobody who is no enforcer',
    rules: [permit],
    asker: { kind: 'remote' },
    want: 'authn.untrusted_enforcer',
  },
  {
    name: 'refuses an enforcer about what it may not ask',
    rules: [permit],
    asserts: { destinations: ['spiffe://td.example/ns/shop/sa/*'] },
    want: 'authn.enforcer_scope',
  },
  { name: 'needs an identity', rules: [permit], source: 'CN=x', want: 'authn.invalid_identity' },
  {
    name: 'needs a peer that the enforcer may present',
    rules: [permit],
    source: '',
    asserts: { peer: ['principal'] },
    want: 'authn.missing',
  },
  {
    name: 'believes nobody of a foreign trust domain',
    rules: [permit],
    source: 'spiffe://evil.example/a',
    want: 'authn.untrusted_issuer',
  },

  // 4: what the service and the identity itself demand of the proof.
  {
    name: 'takes no certificate where the service takes tokens only',
    rules: [permit],
    service: { accepts: ['jwt'] },
    want: 'authn.wrong_principal_kind',
  },
  {
    name: 'takes a peer where the service takes certificates',
    rules: [permit],
    service: { accepts: ['api-key', 'x509-svid'] },
    want: 'allow',
  },
  {
    name: 'asks what the service takes before it asks who is known',
    rules: [permit],
    service: { accepts: ['jwt'] },
    source: 'spiffe://td.example/nobody',
    want: 'authn.wrong_principal_kind',
  },
  {
    name: 'asks for no kind of credential where none is shown',
    rules: [{ ...permit, from: { anonymous: true } }],
    service: { accepts: ['jwt'] },
    source: '',
    want: 'allow',
  },
  {
    name: 'asks what the service takes before it asks for the lifetime',
    rules: [permit],
    service: { accepts: ['jwt'] },
    identity: { maxLifetime: '1h' },
    want: 'authn.wrong_principal_kind',
  },
  {
    name: 'takes no asserted peer for an identity with a maxLifetime',
    rules: [permit],
    identity: { maxLifetime: '1h' },
    want: 'authn.assurance',
  },
  {
    name: 'asks for the lifetime before the audience',
    rules: [permit],
    identity: { maxLifetime: '1h', audiences: ['spiffe://td.example/ns/pay/sa/other'] },
    want: 'authn.assurance',
  },
  {
    name: 'refuses where the identity may not be used',
    rules: [permit],
    identity: { audiences: ['spiffe://td.example/ns/pay/sa/other'] },
    want: 'authn.audience',
  },
  {
    name: 'takes the name of the service as audience',
    rules: [permit],
    identity: { audiences: ['spiffe://td.example/ns/pay/sa/other', 'pay/ledger'] },
    want: 'allow',
  },
  {
    name: 'takes a destination of the service as audience',
    rules: [permit],
    identity: { audiences: [LEDGER] },
    want: 'allow',
  },
  {
    name: 'asks for no audience where no service speaks',
    rules: [permit],
    identity: { audiences: ['spiffe://td.example/ns/pay/sa/other'] },
    destination: CART,
    want: 'authz.no_policy',
  },
  {
    name: 'asks for the audience before it looks at headers',
    rules: [permit],
    identity: { audiences: ['spiffe://td.example/ns/pay/sa/other'] },
    headers: { host: 'a', ':authority': 'b' },
    want: 'authn.audience',
  },

  // 5 and 6: headers, path, destination, operation.
  {
    name: 'refuses two hosts',
    rules: [permit],
    headers: { host: 'a', ':authority': 'b' },
    want: 'ctx.duplicate_header',
  },
  {
    name: 'refuses a path that can be read in two ways',
    rules: [permit],
    call: 'GET /docs/%2e%2e/%252e',
    want: 'ctx.ambiguous_path',
  },
  {
    name: 'refuses a listener that names another service',
    rules: [permit],
    extensions: { 'remit.service': 'pay/none' },
    want: 'ctx.destination_conflict',
  },
  {
    name: 'knows operations only',
    rules: [permit],
    call: 'GET /x',
    want: 'ctx.unmapped_operation',
  },
  {
    name: 'matches nothing to an operation for MCP',
    rules: [permit],
    documents: [TOOLS],
    destination: 'spiffe://td.example/ns/pay/sa/tools',
    call: 'POST /mcp',
    want: 'ctx.unmapped_operation',
  },

  // 7: what the enforcer asserts.
  {
    name: 'refuses an environment that contradicts the service',
    rules: [permit],
    ...asksEnvironment,
    extensions: { 'remit.environment': 'dev' },
    want: 'ctx.destination_conflict',
  },
  {
    name: 'refuses a tenant that contradicts the operation',
    rules: [permit],
    ...asksEnvironment,
    call: 'GET /acme/1',
    extensions: { 'remit.tenant': 'blue' },
    want: 'ctx.destination_conflict',
  },
  {
    name: 'takes an assertion that says the same',
    rules: [permit],
    ...asksEnvironment,
    extensions: { 'remit.environment': 'prod' },
    want: 'allow',
  },
  {
    name: 'takes the environment from the enforcer where the service says none',
    rules: devPermit,
    ...asksEnvironment,
    service: open,
    extensions: { 'remit.environment': 'dev' },
    want: 'allow',
  },
  {
    name: 'takes the tenant from the enforcer where the operation says none',
    rules: [permit],
    ...asksEnvironment,
    extensions: { 'remit.tenant': 'blue' },
    want: 'authz.boundary',
  },
  {
    name: 'does not hear an assertion that the enforcer may not make',
    rules: devPermit,
    asserts: { environment: ['prod-eu'] },
    service: open,
    extensions: { 'remit.environment': 'dev' },
    want: 'authz.environment',
  },
];
