// deploy/envoy/ under a real Envoy: it accepts the files as they are, minimal.yaml enforces what a
// Remit decides, and hardened.yaml asks Remit and nobody else, and lets nothing through without it.

import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { HttpCall } from '../../demo/client.ts';
import { type EnvoyProcess, freePorts } from '../../demo/processes.ts';
import { MESSAGE_BYTES_MAX } from '../../engine/limits.ts';
import { protoRoot } from '../../proto/load.ts';
import type { AuthzStub } from '../e2e/authz_stub.ts';
import { START_MS_MAX } from '../e2e/rig.ts';
import { at, deployText, type Json } from './deploy_files.ts';
import { EnvoyStage } from './envoy_stage.ts';

const CHECK_REQUEST = protoRoot.lookupType('envoy.service.auth.v3.CheckRequest');
const FILES = ['minimal.yaml', 'hardened.yaml'];
const REMIT = 'spiffe://prod.example/ns/remit/sa/remit';
const READ: HttpCall = { method: 'GET', path: '/accounts/42' };

function extAuthz(bootstrap: Json): Json {
  const chain = at(bootstrap, 'static_resources', 'listeners', 0, 'filter_chains', 0);
  const filters = at(chain, 'filters', 0, 'typed_config', 'http_filters') as Json[];
  const found = filters.find(({ name }) => name === 'envoy.filters.http.ext_authz');
  return found?.['typed_config'] as Json;
}

describe('deploy/envoy', function () {
  this.timeout(START_MS_MAX);
  const stage = new EnvoyStage();
  before(() => stage.create());
  after(() => stage.stop());

  for (const name of FILES) {
    it(`${name} is one that Envoy accepts`, async () => {
      assert.equal(await stage.validate(deployText(`envoy/${name}`)), '');
    });
  }

  it('is judged by that: Envoy refuses a field that it does not have', async () => {
    const text = deployText('envoy/hardened.yaml').replace('failure_mode_allow', 'failure_mode');
    assert.match(await stage.validate(text), /failure_mode/);
  });

  for (const name of FILES) {
    it(`${name} lets nothing through for want of an answer, and bounds what it sends`, () => {
      const filter = extAuthz(parse(deployText(`envoy/${name}`)) as Json);
      assert.equal(filter['failure_mode_allow'], false);
      assert.equal(at(filter, 'grpc_service', 'timeout'), '0.2s');
      assert.equal(filter['validate_mutations'], true);
      assert.equal(filter['encode_raw_headers'], true);
      const bytes = at(filter, 'with_request_body', 'max_request_bytes') ?? 0;
      assert.ok(Number(bytes) < MESSAGE_BYTES_MAX);
    });
  }

  it('minimal.yaml does what Remit decides', async () => {
    const envoy = await stage.startEnvoy('envoy/minimal.yaml', await stage.startRemit());
    const permitted = await stage.call(envoy, READ);
    assert.equal(permitted.status, 200, permitted.body);
    const denied = await stage.call(envoy, { ...READ, method: 'DELETE' });
    assert.equal(denied.status, 403);
    assert.match(String(denied.headers['x-remit-decision-id']), /^[0-9a-f-]{36}$/);
    await envoy.stop();
  });

  describe('hardened.yaml', () => {
    let envoy: EnvoyProcess;
    let remit: AuthzStub;
    before(async () => {
      remit = await stage.startStub(REMIT);
      envoy = await stage.startEnvoy('envoy/hardened.yaml', remit.port);
    });
    after(() => envoy.stop());

    it('asks Remit over mTLS, and shows the certificate of its peer', async () => {
      assert.equal((await stage.call(envoy, READ)).status, 200);
      assert.equal(remit.requests.length, 1);
      const request = CHECK_REQUEST.decode(remit.requests[0]!);
      assert.match(String(at(request, 'attributes', 'source', 'certificate')), /BEGIN%20CERT/);
      assert.ok(at(request, 'attributes', 'tls_session'));
    });

    const refusals: [name: string, call: HttpCall, status: number][] = [
      ['an encoded slash', { method: 'GET', path: '/accounts%2f42' }, 400],
      ['a header with an underscore', { method: 'GET', path: '/', headers: { x_a: '1' } }, 400],
      ['a body beyond its bound', { method: 'POST', path: '/', body: 'x'.repeat(70_000) }, 413],
    ];
    for (const [name, call, status] of refusals) {
      it(`refuses ${name} by itself`, async () => {
        const asked = remit.requests.length;
        assert.equal((await stage.call(envoy, call)).status, status);
        assert.equal(remit.requests.length, asked);
      });
    }

    it('refuses a peer of another trust domain before it has said anything', async () => {
      await assert.rejects(stage.call(envoy, READ, 'spiffe://other.example/ns/shop/sa/checkout'));
    });
  });

  const strangers: [name: string, port: () => Promise<number>][] = [
    ['when nobody answers', async () => (await freePorts(1))[0]!],
    [
      'when who answers is of the trust domain and not Remit',
      async () => (await stage.startStub('spiffe://prod.example/ns/shop/sa/checkout')).port,
    ],
  ];
  for (const [name, port] of strangers) {
    it(`hardened.yaml lets nothing through ${name}`, async () => {
      const envoy = await stage.startEnvoy('envoy/hardened.yaml', await port());
      const received = stage.received();
      assert.equal((await stage.call(envoy, READ)).status, 503);
      assert.equal(stage.received(), received);
      await envoy.stop();
    });
  }
});
