// deploy/kubernetes/: the manifests by Kubernetes' own schemas, what they promise of the pod, and
// the configuration and policies in them by Remit's own loaders.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { compileSnapshot } from '../../engine/compile_snapshot.ts';
import { Diagnostics } from '../../engine/diagnostic.ts';
import { parseConfig } from '../../server/config.ts';
import { loadBundle } from '../../server/load_bundle.ts';
import { useFolder } from '../support/folder.ts';
import { at, documentsOf, type Json } from './deploy_files.ts';
import { complaints } from './schema_check.ts';

const documents = documentsOf('kubernetes');

function find(kind: string, name: string): Json {
  const found = documents.find(
    ({ value }) => value['kind'] === kind && at(value, 'metadata', 'name') === name,
  );
  assert.ok(found, `there is a ${kind} ${name}`);
  return found.value;
}

describe('deploy/kubernetes', () => {
  for (const { file, value } of documents) {
    const name = `${value['kind']} ${at(value, 'metadata', 'name')}`;
    it(`${file}: ${name} is what Kubernetes accepts`, () => {
      assert.deepEqual(complaints(value), []);
    });
  }

  const mistakes: [name: string, path: readonly (string | number)[], value: unknown][] = [
    ['a field that there is not', ['spec', 'template', 'spec', 'hostNetworks'], true],
    ['a text for a number', ['spec', 'replicas'], 'three'],
    ['a kind of another version', ['apiVersion'], 'apps/v1beta1'],
  ];
  for (const [name, path, value] of mistakes) {
    it(`is judged by that: ${name} is a mistake`, () => {
      const wrong = structuredClone(find('Deployment', 'remit'));
      const parent = at(wrong, ...path.slice(0, -1)) as Record<string | number, unknown>;
      parent[path.at(-1)!] = value;
      assert.notDeepEqual(complaints(wrong), []);
    });
  }

  it('all but the namespace are in the namespace', () => {
    const elsewhere = documents.filter(
      ({ value }) =>
        at(value, 'metadata', 'namespace') !== 'remit' && value['kind'] !== 'Namespace',
    );
    assert.deepEqual(elsewhere, []);
  });
});

describe('the Deployment', () => {
  const pod = at(find('Deployment', 'remit'), 'spec', 'template', 'spec');
  const container = at(pod, 'containers', 0);

  it('gives the process no right that it does not use', () => {
    assert.deepEqual(at(container, 'securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
    assert.deepEqual(at(pod, 'securityContext', 'seccompProfile'), { type: 'RuntimeDefault' });
    assert.equal(at(pod, 'automountServiceAccountToken'), false);
  });

  it('mounts what there is, and nothing to write to', () => {
    const volumes = (at(pod, 'volumes') as Json[]).map(({ name }) => name);
    const mounts = at(container, 'volumeMounts') as Json[];
    assert.deepEqual(mounts.map(({ name }) => name).sort(), [...volumes].sort());
    assert.ok(mounts.every(({ readOnly }) => readOnly === true));
    for (const volume of at(pod, 'volumes') as Json[]) {
      const name = at(volume, 'configMap', 'name');
      if (name !== undefined) find('ConfigMap', String(name));
    }
  });

  it('is reached by the names of its ports', () => {
    const ports = new Set((at(container, 'ports') as Json[]).map(({ name }) => name));
    for (const name of ['remit', 'remit-headless']) {
      const [port] = at(find('Service', name), 'spec', 'ports') as Json[];
      assert.ok(ports.has(port?.['targetPort']));
      assert.equal(port?.['appProtocol'], 'grpc');
    }
    const rules = at(find('NetworkPolicy', 'remit'), 'spec', 'ingress') as Json[];
    assert.ok(rules.every((rule) => ports.has(at(rule, 'ports', 0, 'port'))));
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      assert.ok(ports.has(at(container, probe, 'httpGet', 'port')));
    }
  });

  it('is selected by what selects it', () => {
    const labels = { 'app.kubernetes.io/name': 'remit' };
    assert.deepEqual(
      at(find('Deployment', 'remit'), 'spec', 'template', 'metadata', 'labels'),
      labels,
    );
    assert.deepEqual(at(find('Deployment', 'remit'), 'spec', 'selector', 'matchLabels'), labels);
    assert.deepEqual(at(find('Service', 'remit'), 'spec', 'selector'), labels);
    const budget = find('PodDisruptionBudget', 'remit');
    assert.deepEqual(at(budget, 'spec', 'selector', 'matchLabels'), labels);
  });
});

describe('the ConfigMaps', () => {
  const folder = useFolder();

  /** As the kubelet lays them: links into a folder whose name begins with a dot. */
  function layOut(): { config: string; policies: string } {
    mkdirSync(folder.at('policies'));
    mkdirSync(folder.at('policies/..data'));
    for (const [name, text] of Object.entries(
      at(find('ConfigMap', 'remit-policies'), 'data') as Json,
    )) {
      folder.write(`policies/..data/${name}`, String(text));
      symlinkSync(`..data/${name}`, folder.at(`policies/${name}`));
    }
    const config = String(at(find('ConfigMap', 'remit'), 'data', 'remit.yaml'));
    return {
      config: config.replace('/etc/remit/', `${folder.path}/`),
      policies: folder.at('policies'),
    };
  }

  it('hold a configuration that Remit takes, and policies that compile, without a warning', () => {
    const laid = layOut();
    const diagnostics = new Diagnostics();
    const config = parseConfig(folder.at('remit.yaml'), laid.config, diagnostics);
    assert.deepEqual(diagnostics.list, []);
    assert.ok(config);
    assert.equal(config.policies, laid.policies);
    assert.deepEqual(config.withoutEffect, []);
    const files = loadBundle(config.policies, diagnostics);
    assert.equal(files.length, 2);
    const source = { files, keyFiles: new Map<string, string>() };
    const snapshot = compileSnapshot(source, config.settings, 1, diagnostics);
    assert.deepEqual(diagnostics.list, []);
    assert.ok(snapshot);
    assert.ok(snapshot.proof.enforcers.size > 0);

    const pod = at(find('Deployment', 'remit'), 'spec', 'template', 'spec');
    const preStop = Number(at(pod, 'containers', 0, 'lifecycle', 'preStop', 'sleep', 'seconds'));
    const grace = Number(at(pod, 'terminationGracePeriodSeconds'));
    assert.ok(grace > preStop + config.limits.drainMs / 1000);
  });
});
