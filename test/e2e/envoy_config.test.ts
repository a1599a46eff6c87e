// The demo's Envoy configuration and certificates, as Envoy and OpenSSL judge them.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDS, TRUST_DOMAIN } from '../../demo/bundle.ts';
import { writeEnvoyConfig } from '../../demo/envoy_config.ts';
import { WRITE_CLIENT_CERT } from '../../demo/envoy_credentials.ts';
import { installEnvoy } from '../../demo/install_envoy.ts';
import { issueSvid, makeCa } from '../../demo/pki.ts';
import { validateEnvoyConfig } from '../../demo/processes.ts';
import { DEFAULT_PORTS, writeScenario } from '../../demo/scenario.ts';
import { textOf } from '../architecture/source_files.ts';
import { keySet, SIGNERS } from './credential_tokens.ts';
import { START_MS_MAX } from './rig.ts';

describe('the Envoy configuration', () => {
  let dir: string;
  let envoy: string;
  before(async function () {
    this.timeout(START_MS_MAX);
    envoy = await installEnvoy();
    dir = await mkdtemp(join(tmpdir(), 'remit-e2e-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('that --prepare writes is one that Envoy accepts', async () => {
    const scenario = await writeScenario(dir, DEFAULT_PORTS);
    assert.equal(await validateEnvoyConfig(envoy, scenario.envoyConfig), '');
  });

  it('with every option in use is one that Envoy accepts', async () => {
    const scenario = await writeScenario(dir, DEFAULT_PORTS);
    const file = join(dir, 'every_option.json');
    const listener = {
      name: 'every_option',
      port: 0,
      tls: scenario.tls('payments'),
      requireClientCertificate: false,
      normalizePath: false,
      forwardClientCert: { mode: 'APPEND_FORWARD', certificate: true },
      clientCertHeader: true,
      jwtAuthn: { issuer: 'https://idp.example', jwks: keySet(SIGNERS.idp), forward: true },
      nextHop: 'gateway',
      authz: {
        server: 'other',
        timeoutMs: 250,
        failureModeAllow: true,
        bodyBytesMax: 1024,
        includePeerCertificate: true,
        encodeRawHeaders: false,
        metadataNamespaces: ['envoy.filters.http.jwt_authn'],
        contextExtensions: { 'remit.service': 'pay/payments' },
      },
    } as const;
    const tls = scenario.tls('payments');
    const tcp = (connectAtOnce: boolean) => ({
      name: `tcp_${connectAtOnce}`,
      port: 0,
      tls,
      authz: listener.authz,
      tcp: { upstream: 'bytes', connectAtOnce },
    });
    await writeEnvoyConfig(file, {
      adminPort: 0,
      listeners: [listener, tcp(true), tcp(false)],
      tcpUpstreams: { bytes: 5432 },
      nextHops: { gateway: { port: 8443, tls: { ...tls, serverId: IDS.payments } } },
      authzServers: { remit: 9191, other: 9291 },
      upstreamHttpPort: 8080,
      upstreamGrpcPort: 8081,
      accessLogFile: join(dir, 'access.ndjson'),
    });
    assert.equal(await validateEnvoyConfig(envoy, file), '');
  });
});

describe('docs/envoy.md', () => {
  it('shows how `Client-Cert` is written, as the tests run it', () => {
    assert.ok(textOf('docs/envoy.md').includes(`\`\`\`lua${WRITE_CLIENT_CERT}\`\`\``));
  });
});

describe('an SVID of the throw-away authority', () => {
  it('has the profile of an X509-SVID', async () => {
    const ca = await makeCa(TRUST_DOMAIN);
    const svid = await issueSvid(ca, IDS.checkout, { lifetimeMs: 60_000 });
    const certificate = new X509Certificate(svid.certificatePem);
    const authority = new X509Certificate(ca.certificatePem);
    assert.equal(certificate.subjectAltName, `URI:${IDS.checkout}`);
    assert.equal(certificate.ca, false);
    assert.equal(authority.ca, true);
    assert.ok(certificate.checkIssued(authority));
    assert.ok(certificate.verify(authority.publicKey));
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    const lifetimeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
    assert.equal(lifetimeMs, 60_000);
  });

  it('may be made invalid on purpose: a second URI, another trust domain', async () => {
    const ca = await makeCa(TRUST_DOMAIN);
    const two = await issueSvid(ca, IDS.checkout, { extraUris: [IDS.reporting] });
    const names = new X509Certificate(two.certificatePem).subjectAltName;
    assert.equal(names, `URI:${IDS.checkout}, URI:${IDS.reporting}`);
    const stranger = new X509Certificate((await issueSvid(ca, IDS.stranger)).certificatePem);
    assert.equal(stranger.subjectAltName, `URI:${IDS.stranger}`);
    assert.ok(stranger.verify(new X509Certificate(ca.certificatePem).publicKey));
  });
});
