// Whom keys are fetched from: TLS proves it, and what speaks neither TLS nor HTTP is no server of
// keys.

import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { fetchKeys } from '../../server/keys/fetch_keys.ts';
import type { FetchResult } from '../../server/keys/fetch_result.ts';
import type { JwksSource } from '../../server/keys/jwks_source.ts';
import { systemResolve } from '../../server/keys/key_connection.ts';
import { HOUR_MS } from '../support/certificates.ts';
import { useFolder } from '../support/folder.ts';
import { until } from '../support/wait.ts';
import {
  answerWith,
  authorityPem,
  type IssuerServer,
  jwks,
  sourceOf,
  startIssuer,
  tlsOf,
} from './issuer_server.ts';

const SET = jwks('one', 'two');
async function resultOf(source: JwksSource, msMax = 2_000): Promise<FetchResult> {
  return (await fetchKeys(source, { resolve: systemResolve, msMax })).result;
}

describe('fetching over TLS', () => {
  const folder = useFolder();
  let issuer: IssuerServer;
  let caFile: string;
  before(async () => {
    issuer = await startIssuer(tlsOf('keys authority'));
    issuer.answer = answerWith(SET);
    caFile = folder.write('ca.pem', authorityPem('keys authority'));
  });
  after(() => issuer.close());

  it('verifies the name of the server, and its address where it has no name', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const source = sourceOf(`https://${host}:${issuer.port}/keys`, { caFile, allowHttp: false });
      assert.equal(await resultOf(source), 'ok', host);
    }
  });

  const trouble: [name: string, want: FetchResult, () => Partial<JwksSource>][] = [
    ['an authority that is not the system’s', 'tls', () => ({ caFile: undefined })],
    ['another authority', 'tls', () => ({ caFile: folder.write('b.pem', authorityPem('other')) })],
    ['no file of authorities', 'ca_file', () => ({ caFile: folder.at('none.pem') })],
    ['an empty file of authorities', 'ca_file', () => ({ caFile: folder.write('e.pem', '') })],
    [
      'a damaged one',
      'ca_file',
      () => ({
        caFile: folder.write(
          'd.pem',
          '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
        ),
      }),
    ],
  ];
  for (const [name, want, changes] of trouble) {
    it(`ends with ${want}: ${name}`, async () => {
      assert.equal(await resultOf(sourceOf(issuer.url, { caFile, ...changes() })), want);
    });
  }

  it('ends with tls: also where the environment would accept any certificate', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      assert.equal(await resultOf(sourceOf(issuer.url)), 'tls');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  const certificates: [name: string, ReturnType<typeof tlsOf>][] = [
    ['of another name', tlsOf('keys authority', [{ dNSName: 'other.example' }])],
    ['that has expired', tlsOf('keys authority', undefined, Date.now() - HOUR_MS)],
  ];
  for (const [name, tls] of certificates) {
    it(`ends with tls: a certificate ${name}`, async () => {
      const other = await startIssuer(tls);
      try {
        assert.equal(await resultOf(sourceOf(other.url, { caFile })), 'tls');
        assert.deepEqual(other.asked, []);
      } finally {
        await other.close();
      }
    });
  }

  it('follows no redirect to plaintext', async () => {
    issuer.answer = (_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${issuer.port}/keys` }).end();
    };
    assert.equal(await resultOf(sourceOf(issuer.url, { caFile })), 'redirect');
  });
});

describe('fetching from what is no server of keys', () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let port: number;
  let greet: (socket: Socket) => void = () => undefined;
  before(async () => {
    server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      greet(socket);
      socket.resume();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as { port: number }).port;
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  const cases: [name: string, scheme: string, greet: typeof greet, want: FetchResult][] = [
    ['silence instead of TLS', 'https', () => undefined, 'timeout'],
    ['plaintext instead of TLS', 'https', (it) => void it.end('HTTP/1.1 400 no\r\n\r\n'), 'tls'],
    ['no HTTP', 'http', (it) => void it.write('SSH-2.0-x\r\n'), 'broken'],
    ['headers without end', 'http', (it) => void it.write(`${head}x: y\r\n`), 'timeout'],
    [
      'two lengths',
      'http',
      (it) => {
        it.write(`${head}content-length: 2\r\ncontent-length: 20\r\n\r\n{}`);
      },
      'broken',
    ],
    [
      'length and chunks',
      'http',
      (it) => {
        it.write(
          `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
        );
      },
      'broken',
    ],
    [
      'interim answers without end',
      'http',
      (it) => {
        const timer = setInterval(() => it.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 10);
        it.once('close', () => clearInterval(timer));
      },
      'timeout',
    ],
    [
      'another protocol',
      'http',
      (it) => {
        it.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
      },
      'broken',
    ],
  ];
  it('ends with too_large: two million chunks of one byte', async () => {
    greet = (it) => {
      it.write(`${head}transfer-encoding: chunked\r\n\r\n`);
      it.write('1\r\n \r\n'.repeat(2_000_000));
    };
    assert.equal(await resultOf(sourceOf(`http://127.0.0.1:${port}/keys`), 5_000), 'too_large');
  });

  for (const [name, scheme, say, want] of cases) {
    it(`ends with ${want}: ${name}`, async () => {
      greet = say;
      assert.equal(await resultOf(sourceOf(`${scheme}://127.0.0.1:${port}/keys`), 400), want);
    });
  }

  it('leaves no connection open', () =>
    until(() => [...sockets].every((socket) => socket.destroyed)));
});
