// The stage for deploy/envoy/: certificates and an upstream in place of those that its files name,
// and a Remit or something that claims to be one.

import { mkdirSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import { Cleanup } from '../../demo/cleanup.ts';
import { type HttpAnswer, type HttpCall, sendHttp } from '../../demo/client.ts';
import { installEnvoy } from '../../demo/install_envoy.ts';
import { type CertificateAuthority, issueSvid, makeCa } from '../../demo/pki.ts';
import {
  type EnvoyProcess,
  freePorts,
  startEnvoy,
  startRemit,
  validateEnvoyConfig,
} from '../../demo/processes.ts';
import { startHttpUpstream, type Upstream } from '../../demo/upstream.ts';
import { type AuthzStub, startAuthzStub } from '../e2e/authz_stub.ts';
import { Folder } from '../support/folder.ts';
import { deployText } from './deploy_files.ts';

const ID = 'spiffe://prod.example/ns/pay/sa/payments';
const CALLER = 'spiffe://prod.example/ns/shop/sa/checkout';
const BUNDLE = `
apiVersion: remit.mesh/v1
kind: Service
metadata: {name: payments, namespace: pay, owner: team-pay}
spec:
  destinations: ["${ID}"]
  environment: prod
  accepts: [x509-svid]
  operations: {account.read: {http: "GET /accounts/{id}", verb: read, resource: "account/{path.id}"}}
---
apiVersion: remit.mesh/v1
kind: Identity
metadata: {name: checkout, namespace: shop, owner: team-shop}
spec: {spiffe: "${CALLER}", kind: workload, environment: prod}
---
apiVersion: remit.mesh/v1
kind: Policy
metadata: {name: accounts, namespace: pay, owner: team-pay}
spec:
  rules:
  - id: checkout
    effect: permit
    from: {principals: ["${CALLER}"]}
    to: {services: [payments], operations: [account.read]}
---
apiVersion: remit.mesh/v1
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true, asserts: {peer: [principal], destinations: ["*"]}}
`;

/** `status` is there and zero: allow. */
const ALLOW = Buffer.from([0x0a, 0x00]);

interface Parts {
  readonly ca: CertificateAuthority;
  readonly upstream: Upstream;
}

/** Folders and ports of a file are replaced, and nothing else of it. */
export class EnvoyStage {
  readonly #folder = new Folder();
  readonly #cleanup = new Cleanup();
  #binary = '';
  #parts: Parts | undefined;
  #envoys = 0;

  async create(): Promise<void> {
    this.#folder.create();
    this.#cleanup.add(() => this.#folder.remove());
    this.#binary = await installEnvoy();
    mkdirSync(this.#folder.at('pki'));
    const ca = await makeCa('prod.example');
    const svid = await issueSvid(ca, ID);
    this.#folder.write('pki/svid.pem', svid.certificatePem);
    this.#folder.write('pki/svid.key', svid.keyPem);
    this.#folder.write('pki/bundle.pem', ca.certificatePem);
    for (const name of ['sds_svid.yaml', 'sds_bundle.yaml']) {
      this.#folder.write(name, this.#placed(deployText(`envoy/${name}`)));
    }
    const upstream = await startHttpUpstream(0);
    this.#cleanup.add(upstream.stop);
    this.#parts = { ca, upstream };
  }

  stop(): Promise<void> {
    return this.#cleanup.run();
  }

  /** How many requests reached the upstream so far. */
  received(): number {
    return this.#made.upstream.received();
  }

  /** Envoy's complaint about the text, or nothing. */
  validate(text: string): Promise<string> {
    const file = this.#folder.write('validated.yaml', this.#placed(text));
    return validateEnvoyConfig(this.#binary, file);
  }

  /** @returns its check port */
  async startRemit(): Promise<number> {
    const [check, http] = await freePorts(2);
    this.#folder.write('bundle.yaml', BUNDLE);
    const config = `policies: ./bundle.yaml
trustDomain: prod.example
listen: {check: "127.0.0.1:${check}", http: "127.0.0.1:${http}"}
envoy: {pathNormalization: MERGE_SLASHES}
records: {evidence: "file:evidence.ndjson", decisions: "file:decisions.ndjson"}
threads: {pool: 0}
`;
    const file = this.#folder.write('remit.yaml', config);
    const logFile = this.#folder.at('remit.log');
    const remit = await startRemit(file, { httpPort: http!, logFile });
    this.#cleanup.add(remit.stop);
    return check!;
  }

  /** A server that allows everything, over mTLS, under an identity of the trust domain. */
  async startStub(spiffeId: string): Promise<AuthzStub> {
    const { ca } = this.#made;
    const svid = await issueSvid(ca, spiffeId);
    const pair = {
      private_key: Buffer.from(svid.keyPem),
      cert_chain: Buffer.from(svid.certificatePem),
    };
    const credentials = ServerCredentials.createSsl(Buffer.from(ca.certificatePem), [pair], true);
    const stub = await startAuthzStub(ALLOW, credentials);
    this.#cleanup.add(stub.stop);
    return stub;
  }

  async startEnvoy(file: string, checkPort: number): Promise<EnvoyProcess> {
    const text = this.#placed(deployText(file))
      .replace('port_value: 9901', 'port_value: 0')
      .replace('0.0.0.0, port_value: 8443', '127.0.0.1, port_value: 0')
      .replace('port_value: 9191', `port_value: ${checkPort}`)
      .replace('remit-headless.remit.svc.cluster.local', '127.0.0.1')
      .replace('port_value: 8080', `port_value: ${this.#made.upstream.port}`);
    this.#envoys += 1;
    const name = `envoy-${this.#envoys}`;
    const envoy = await startEnvoy(this.#binary, this.#folder.write(`${name}.yaml`, text), {
      adminAddressFile: this.#folder.at(`${name}.admin`),
      logFile: this.#folder.at(`${name}.log`),
    });
    this.#cleanup.add(envoy.stop);
    return envoy;
  }

  async call(envoy: EnvoyProcess, call: HttpCall, callerId = CALLER): Promise<HttpAnswer> {
    const { ca } = this.#made;
    const port = envoy.ports.get('ingress');
    if (port === undefined) throw new Error('no listener `ingress`');
    const target = { port, trustedCaPem: ca.certificatePem, spiffeId: ID };
    return sendHttp(target, await issueSvid(ca, callerId), call);
  }

  get #made(): Parts {
    if (this.#parts === undefined) throw new Error('the stage was not created');
    return this.#parts;
  }

  #placed(text: string): string {
    return text.replaceAll('/etc/envoy/', `${this.#folder.path}/`);
  }
}
