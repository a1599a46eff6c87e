// deploy/istio/: every object by Istio's own schemas, and what its EnvoyFilter makes of the filter
// that Istio generates by a real Envoy.

import assert from 'node:assert/strict';
import { installEnvoy } from '../../demo/install_envoy.ts';
import { issueSvid, makeCa } from '../../demo/pki.ts';
import { validateEnvoyConfig } from '../../demo/processes.ts';
import { START_MS_MAX } from '../e2e/rig.ts';
import { useFolder } from '../support/folder.ts';
import { at, deployText, documentsOf, type Json, parseDocuments } from './deploy_files.ts';
import { complaints, meshConfigComplaints, podTemplateComplaints } from './schema_check.ts';

const MESH = at(parseDocuments('istio/mesh_config.yaml')[0]?.value, 'meshConfig');
const PROVIDER = at(MESH, 'extensionProviders', 0, 'envoyExtAuthzGrpc') as Json;
const PATCH = parseDocuments('istio/deployment_patch.yaml')[0]?.value;
const OBJECTS = documentsOf('istio').filter(({ value }) => 'kind' in value);
const HCM = 'envoy.filters.network.http_connection_manager';
const EXT_AUTHZ = 'envoy.filters.http.ext_authz';
const TYPE = 'type.googleapis.com/envoy';

function find(kind: string): Json {
  const found = OBJECTS.find(({ value }) => value['kind'] === kind);
  assert.ok(found, `there is a ${kind}`);
  return found.value;
}

describe('deploy/istio', () => {
  for (const { file, value } of OBJECTS) {
    const name = `${value['kind']} ${at(value, 'metadata', 'name')}`;
    it(`${file}: ${name} is what Istio accepts`, () => {
      assert.deepEqual(complaints(value), []);
    });
  }

  it('mesh_config.yaml is a MeshConfig', () => {
    assert.deepEqual(meshConfigComplaints(MESH), []);
    JSON.parse(String(at(MESH, 'accessLogFormat')));
  });

  it('is judged by that: a field that there is not is a mistake', () => {
    const policy = structuredClone(find('AuthorizationPolicy')) as { spec: Json };
    assert.notDeepEqual(complaints({ ...policy, spec: { ...policy.spec, providers: [] } }), []);
    assert.notDeepEqual(complaints({ ...policy, spec: { ...policy.spec, action: 'ASK' } }), []);
    assert.notDeepEqual(meshConfigComplaints({ pathNormalisation: {} }), []);
  });

  it('waits no ten minutes, and lets nothing through for want of an answer', () => {
    assert.equal(PROVIDER['timeout'], '0.2s');
    assert.equal(PROVIDER['failOpen'], false);
  });

  it('asks the provider that there is, about every request, at the Service that there is', () => {
    const policy = find('AuthorizationPolicy');
    assert.equal(at(policy, 'spec', 'action'), 'CUSTOM');
    assert.equal(at(policy, 'spec', 'provider', 'name'), at(MESH, 'extensionProviders', 0, 'name'));
    assert.deepEqual(at(policy, 'spec', 'rules'), [{}]);
    const service = documentsOf('kubernetes').find(
      ({ value }) => value['kind'] === 'Service' && at(value, 'metadata', 'name') === 'remit',
    );
    assert.equal(at(service?.value, 'spec', 'ports', 0, 'port'), PROVIDER['port']);
    // Sidecars do not choose among the replicas of a headless one.
    assert.equal(at(service?.value, 'spec', 'clusterIP'), undefined);
    const rule = at(find('DestinationRule'), 'spec');
    assert.equal(at(rule, 'host'), PROVIDER['service']);
    assert.equal(
      at(rule, 'trafficPolicy', 'portLevelSettings', 0, 'port', 'number'),
      PROVIDER['port'],
    );
  });

  it('normalises paths as the ConfigMap tells Remit', () => {
    const level = at(MESH, 'pathNormalization', 'normalization');
    assert.match(deployText('kubernetes/config.yaml'), new RegExp(`pathNormalization: ${level},`));
  });

  it("keeps Remit's sidecar away from Remit's ports", () => {
    const template = at(PATCH, 'spec', 'template');
    const annotations = at(template, 'metadata', 'annotations') as Json;
    const excluded = String(annotations['traffic.sidecar.istio.io/excludeInboundPorts']).split(',');
    const deployment = parseDocuments('kubernetes/deployment.yaml')[1]?.value;
    const container = at(deployment, 'spec', 'template', 'spec', 'containers', 0);
    const ports = at(container, 'ports') as Json[];
    assert.deepEqual(excluded.sort(), ports.map((it) => String(it['containerPort'])).sort());

    const mounts = JSON.parse(String(annotations['sidecar.istio.io/userVolumeMount'])) as Json[];
    const [volume] = at(template, 'spec', 'volumes') as Json[];
    assert.equal(mounts[0]?.['name'], volume?.['name']);
    // A patch holds less than a template, and nothing else.
    const { csi: _removed, ...added } = volume as Json;
    assert.deepEqual(
      podTemplateComplaints({
        ...(template as Json),
        spec: { volumes: [added], containers: [{ name: 'remit' }] },
      }),
      [],
    );
  });
});

/** As protobuf merges messages: fields of the patch over those that were there. */
function merge(under: unknown, over: unknown): unknown {
  if (typeof under !== 'object' || typeof over !== 'object' || !under || !over) return over;
  const out: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) out[key] = merge(out[key], value);
  return out;
}

describe('the EnvoyFilter', function () {
  this.timeout(START_MS_MAX);
  const folder = useFolder();
  let envoy = '';
  before(async () => {
    envoy = await installEnvoy();
    const ca = await makeCa('cluster.local');
    const svid = await issueSvid(ca, 'spiffe://cluster.local/ns/pay/sa/payments');
    folder.write('svid.pem', svid.certificatePem);
    folder.write('svid.key', svid.keyPem);
    folder.write('bundle.pem', ca.certificatePem);
  });

  const patches = at(find('EnvoyFilter'), 'spec', 'configPatches') as Json[];
  const patchFor = (name: string) =>
    at(
      patches.find((it) => at(it, 'patch', 'value', 'name') === name),
      'patch',
      'value',
      'typed_config',
    );

  it('matches the filters that it patches, by the names that Istio gives them', () => {
    const names = patches.map((it) => {
      const filter = at(it, 'match', 'listener', 'filterChain', 'filter');
      return [
        at(filter, 'name'),
        at(filter, 'subFilter', 'name'),
        at(it, 'patch', 'value', 'name'),
      ];
    });
    assert.deepEqual(names, [
      [HCM, EXT_AUTHZ, EXT_AUTHZ],
      [HCM, undefined, HCM],
    ]);
  });

  it('makes of the filters that Istio generates ones that Envoy accepts', async () => {
    const file = folder.write('sidecar.json', JSON.stringify(sidecar(folder.path, patchFor)));
    assert.equal(await validateEnvoyConfig(envoy, file), '');
  });

  it('is judged by that: Envoy refuses a field that it does not have', async () => {
    const wrong = (name: string) => merge(patchFor(name), { include_peer_certificates: true });
    const file = folder.write('wrong.json', JSON.stringify(sidecar(folder.path, wrong)));
    assert.match(await validateEnvoyConfig(envoy, file), /include_peer_certificates/);
  });
});

/**
 * A sidecar's inbound listener as Istio 1.31 makes it of a CUSTOM policy: RBAC in shadow mode says
 * whether the policy matches, and ext_authz asks if it does (pilot/pkg/security/authz/builder).
 */
function sidecar(pki: string, patchFor: (name: string) => unknown): Json {
  const cluster = `outbound|${PROVIDER['port']}||${PROVIDER['service']}`;
  const extAuthz = {
    '@type': `${TYPE}.extensions.filters.http.ext_authz.v3.ExtAuthz`,
    transport_api_version: 'V3',
    failure_mode_allow: PROVIDER['failOpen'],
    status_on_error: { code: Number(PROVIDER['statusOnError']) },
    grpc_service: {
      envoy_grpc: { cluster_name: cluster, authority: cluster.replaceAll('|', '_.') },
      timeout: PROVIDER['timeout'],
    },
    filter_enabled_metadata: {
      filter: 'envoy.filters.http.rbac',
      path: [{ key: 'istio_ext_authz_shadow_effective_policy_id' }],
      value: { string_match: { prefix: 'istio-ext-authz' } },
    },
  };
  const any = { permissions: [{ any: true }], principals: [{ any: true }] };
  const rbac = {
    '@type': `${TYPE}.extensions.filters.http.rbac.v3.RBAC`,
    shadow_rules: {
      action: 'DENY',
      policies: { 'istio-ext-authz-ns[pay]-policy[remit]-rule[0]': any },
    },
    shadow_rules_stat_prefix: 'istio_ext_authz_',
  };
  const manager = {
    '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'inbound',
    route_config: {
      virtual_hosts: [
        {
          name: 'inbound',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster } }],
        },
      ],
    },
    http_filters: [
      { name: 'envoy.filters.http.rbac', typed_config: rbac },
      { name: EXT_AUTHZ, typed_config: merge(extAuthz, patchFor(EXT_AUTHZ)) },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` },
      },
    ],
  };
  const tls = {
    '@type': `${TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext`,
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [
        {
          certificate_chain: { filename: `${pki}/svid.pem` },
          private_key: { filename: `${pki}/svid.key` },
        },
      ],
      validation_context: { trusted_ca: { filename: `${pki}/bundle.pem` } },
    },
  };
  const filter = { name: HCM, typed_config: merge(manager, patchFor(HCM)) };
  const socket = { name: 'envoy.transport_sockets.tls', typed_config: tls };
  return {
    static_resources: {
      listeners: [
        {
          name: 'virtualInbound',
          address: { socket_address: { address: '127.0.0.1', port_value: 15006 } },
          filter_chains: [{ transport_socket: socket, filters: [filter] }],
        },
      ],
      clusters: [{ name: cluster, connect_timeout: '1s' }],
    },
  };
}
