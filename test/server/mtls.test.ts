// Who asks over mTLS (DESIGN 5.7): the identity that the certificate proves against the bundle of
// its own trust domain, and nothing else (C-010). Whoever proves none is not spoken to.

import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { HOUR_MS } from '../support/certificates.ts';
import type { CheckClient } from '../support/check_client.ts';
import { useFolder } from '../support/folder.ts';
import { encodeCall, IDS } from '../support/mesh.ts';
import {
  authorityAsLeaf,
  ended,
  handshake,
  type Identity,
  PEERS,
  peerBehindIntermediate,
  peerOf,
  selfSigned,
  startTlsServer,
  type TlsServer,
  tlsClient,
} from '../support/tls_stage.ts';
import { until } from '../support/wait.ts';

describe('C-010: over mTLS', () => {
  const folder = useFolder();
  let server: TlsServer;
  before(async () => {
    server = await startTlsServer(folder, {
      clientBundle: '{mesh.example: ca.pem, other.example: other.pem}',
    });
  });
  after(() => server.stop());

  async function asked<T>(
    identity: Identity | undefined,
    ask: (client: CheckClient) => Promise<T>,
  ): Promise<T> {
    const client = tlsClient(server.address, identity);
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  }

  const answers: { name: string; as: () => Identity; to?: string; want: string }[] = [
    { name: 'an enforcer by its exact identity', as: () => peerOf(PEERS.gateway), want: 'allow' },
    { name: 'an enforcer by a pattern', as: () => peerOf(PEERS.waypoint), want: 'allow' },
    {
      name: 'an enforcer by a pattern, beyond its destinations',
      as: () => peerOf(PEERS.waypoint),
      to: IDS.checkout,
      want: 'authz.no_policy',
    },
    { name: 'a sidecar about its own workload', as: () => peerOf(PEERS.sidecar), want: 'allow' },
    {
      name: 'a sidecar about a neighbour that its pattern covers (C-038)',
      as: () => peerOf(PEERS.neighbour),
      want: 'authn.enforcer_scope',
    },
    {
      name: 'an enforcer whose intermediate comes along',
      as: () => peerBehindIntermediate(PEERS.gateway, true),
      want: 'allow',
    },
    {
      name: 'a workload that is no enforcer',
      as: () => peerOf(PEERS.unknown),
      want: 'authn.untrusted_enforcer',
    },
    {
      name: 'the path of an enforcer in another domain, which its own bundle vouches for',
      as: () => peerOf(PEERS.foreign, 'other.example'),
      want: 'authn.untrusted_enforcer',
    },
  ];
  for (const { name, as, to = IDS.payments, want } of answers) {
    it(`${name} is answered ${want}`, async () => {
      await asked(as(), async (client) => {
        for (let round = 0; round < 3; round++) {
          assert.equal((await client.check(encodeCall({ to }))).result, want);
        }
      });
    });
  }

  it('each connection has its own asker, also where they ask at the same time', async () => {
    const peers: [Identity, string][] = [
      [peerOf(PEERS.gateway), 'allow'],
      [peerOf(PEERS.unknown), 'authn.untrusted_enforcer'],
      [peerOf(PEERS.neighbour), 'authn.enforcer_scope'],
    ];
    await Promise.all(
      peers.map(([identity, want]) =>
        asked(identity, async (client) => {
          const many = Array.from({ length: 100 }, () => client.check(encodeCall()));
          for (const { result } of await Promise.all(many)) assert.equal(result, want);
        }),
      ),
    );
  });

  const past = { notBefore: Date.now() - 2 * HOUR_MS, notAfter: Date.now() - 1_000 };
  const future = { notBefore: Date.now() + HOUR_MS, notAfter: Date.now() + 2 * HOUR_MS };
  const refused: { name: string; as: () => Identity | undefined; result: string }[] = [
    { name: 'no certificate', as: () => undefined, result: 'no_certificate' },
    {
      name: 'a certificate of a domain without a bundle',
      as: () => peerOf('spiffe://third.example/ns/edge/sa/gateway', 'third.example'),
      result: 'untrusted_issuer',
    },
    {
      name: 'the ID of an enforcer, signed by the authority of another configured domain',
      as: () => peerOf(PEERS.gateway, 'other.example'),
      result: 'untrusted_issuer',
    },
    {
      name: 'an expired certificate',
      as: () => peerOf(PEERS.gateway, 'mesh.example', past),
      result: 'expired',
    },
    {
      name: 'a certificate of tomorrow',
      as: () => peerOf(PEERS.gateway, 'mesh.example', future),
      result: 'not_yet_valid',
    },
    {
      name: 'a self-signed certificate',
      as: () => selfSigned(PEERS.gateway),
      result: 'untrusted_issuer',
    },
    { name: 'an authority as a leaf', as: authorityAsLeaf, result: 'invalid_identity' },
    {
      name: 'the ID of a whole domain',
      as: () => peerOf('spiffe://mesh.example'),
      result: 'invalid_identity',
    },
    {
      name: 'an intermediate that is not sent',
      as: () => peerBehindIntermediate(PEERS.gateway, false),
      result: 'untrusted_issuer',
    },
  ];
  for (const { name, as, result } of refused) {
    it(`${name} is no connection: ${result}`, async () => {
      const series = `remit_tls_connections_total{result="${result}"}`;
      const before = await server.metric(series);
      await asked(as(), (client) =>
        assert.rejects(client.check(encodeCall(), { timeoutMs: 2_000 }), (error) =>
          [status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes((error as { code: number }).code),
        ),
      );
      await until(async () => (await server.metric(series)) > before);
      assert.ok(server.log.some(({ msg }) => msg.includes(`a TLS connection ended, ${result}`)));
    });
  }

  it('TLS 1.1 is not spoken, nor anything but HTTP/2; no session is resumed', async () => {
    const identity = peerOf(PEERS.gateway);
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' };
    await assert.rejects(handshake(server.port, identity, old));
    await assert.rejects(handshake(server.port, identity, { ALPNProtocols: ['http/1.1'] }));
    await ended(await handshake(server.port, identity, { ALPNProtocols: undefined }));
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      const first = await handshake(server.port, identity, { maxVersion });
      let session = first.getSession();
      first.on('session', (later) => {
        session = later;
      });
      if (maxVersion === 'TLSv1.3') await until(() => session !== undefined);
      const second = await handshake(server.port, identity, { maxVersion, session });
      assert.equal(second.getProtocol(), maxVersion);
      assert.equal(second.isSessionReused(), false);
      for (const socket of [first, second]) socket.destroy();
    }
  });

  it('nobody becomes another one within a connection: there is no renegotiation', async () => {
    const socket = await handshake(server.port, peerOf(PEERS.gateway), { maxVersion: 'TLSv1.2' });
    await new Promise<void>((resolve) => {
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.renegotiate({ rejectUnauthorized: false }, (error) => {
        assert.ok(error, 'renegotiated');
        resolve();
      });
    });
    socket.destroy();
  });
});

describe('a check port with TLS and without a clientBundle', () => {
  const folder = useFolder();
  let server: TlsServer;
  before(async () => {
    const listen = 'check: ["127.0.0.1:0", "[::ffff:127.0.0.1]:0"]';
    server = await startTlsServer(folder, { clientBundle: '', listen });
  });
  after(() => server.stop());

  it('identifies nobody: loopback is local, all else is remote, whatever is shown', async () => {
    for (const identity of [undefined, peerOf(PEERS.gateway)]) {
      for (const [at, want] of ['allow', 'authn.untrusted_enforcer'].entries()) {
        const client = tlsClient(server.running.check[at]!, identity);
        assert.equal((await client.check(encodeCall())).result, want);
        client.close();
      }
    }
  });
});

describe('what serve says of mTLS when it starts:', () => {
  const folder = useFolder();
  const local = `
kind: Enforcer
metadata: {name: on-this-host}
spec: {type: gateway, local: true, asserts: {peer: [principal], destinations: ["*"]}}
`;
  const cases: { name: string; options: object; want: RegExp | undefined }[] = [
    { name: 'nothing where certificates show enforcers', options: {}, want: undefined },
    {
      name: 'that nobody can be an enforcer',
      options: { enforcers: local },
      want: /no Enforcer has `identities`: every check over mTLS is denied/,
    },
    {
      name: 'that without a bundle nobody is identified',
      options: { clientBundle: '' },
      want: /no `clientBundle` says who asks: every check here is denied/,
    },
  ];
  for (const { name, options, want } of cases) {
    it(name, async () => {
      const listen = 'check: "[::ffff:127.0.0.1]:0"';
      const server = await startTlsServer(folder, { ...options, listen });
      await server.stop();
      const told = server.log.filter(({ msg }) => msg.includes('denied')).map(({ msg }) => msg);
      assert.equal(told.length, want === undefined ? 0 : 1, told.join());
      if (want !== undefined) assert.match(told[0]!, want);
    });
  }
});
