// Messages made to exhaust: each is answered within a bounded time, and the process neither ends
// nor keeps their memory (C-111). What is beyond a limit is denied, or refused by gRPC itself where
// even the framing is too large.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { readAnswer } from './answer.ts';
import { encodeRequest } from './oracle.ts';
import { callRaw, compressedFrame } from './raw_grpc.ts';
import { ALLOWED_SEEDS, BUNDLE, TRUST_DOMAIN } from './seeds.ts';
import { ServerProcess } from './server_process.ts';
import { encodeVarint } from './wire_tree.ts';

const MiB = 1024 * 1024;
const RESOURCE_EXHAUSTED = 8;
/** Wide, because the machine may be busy; what is quadratic takes minutes. */
const ANSWER_MS_MAX = 5_000;
/** Above what the process had before; several copies of the largest message, and garbage. */
const GROWTH_MIB_MAX = 200;

const [ALLOWED] = ALLOWED_SEEDS.map(encodeRequest) as [Buffer];

interface Http {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An otherwise allowed request with another HTTP part. */
function requestWith(http: Http): Buffer {
  const seed = structuredClone(ALLOWED_SEEDS[0]) as {
    attributes: { request: { http: Record<string, unknown> } };
  };
  Object.assign(seed.attributes.request.http, http);
  return encodeRequest(seed);
}

/** A field's bytes: number, length, content. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([encodeVarint(number * 8 + 2), encodeVarint(content.length), content]);
}

/** An unknown field that makes an allowed request this long. */
function paddedTo(bytes: number): Buffer {
  const padding = bytes - ALLOWED.length;
  const content = Buffer.alloc(padding - encodeVarint(padding).length - 2);
  const padded = Buffer.concat([ALLOWED, field(100, content)]);
  assert.equal(padded.length, bytes);
  return padded;
}

/** Structs in Structs in the metadata: three messages for each. */
function nestedMetadata(depth: number): Buffer {
  let value = field(3, Buffer.from('end'));
  for (let count = 0; count < depth; count++) value = field(5, field(1, field(2, value)));
  const metadata = field(1, field(2, field(1, field(2, value))));
  return field(1, field(13, metadata));
}

const headers = (count: number, name: (index: number) => string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), 'v']));

interface Case {
  readonly name: string;
  readonly bytes: () => Buffer;
  /** The reason of the denial; empty for an allow. */
  readonly want: string;
}

const CASES: readonly Case[] = [
  { name: 'an empty message', bytes: () => Buffer.alloc(0), want: 'ctx.malformed_request' },
  {
    name: '100,000 headers',
    bytes: () => requestWith({ headers: headers(100_000, (index) => `x-${index}`) }),
    want: '',
  },
  {
    name: '100,000 authorization headers',
    bytes: () => {
      const entry = field(1, field(1, Buffer.from('authorization')));
      const map = field(13, Buffer.concat(Array.from({ length: 100_000 }, () => entry)));
      return field(1, field(4, field(2, map)));
    },
    want: 'authn.untrusted_issuer',
  },
  {
    name: 'a path of 1 MiB',
    bytes: () => requestWith({ path: `/orders/${'a'.repeat(MiB)}` }),
    want: '',
  },
  {
    name: 'a path of 1 MiB of dot segments',
    bytes: () => requestWith({ path: `${'/a/..'.repeat(MiB / 5)}/orders` }),
    want: '',
  },
  {
    name: 'a path of 1 MiB of slashes',
    bytes: () => requestWith({ path: '/'.repeat(MiB) }),
    want: 'ctx.ambiguous_path',
  },
  {
    name: 'a path of 1 MiB of percent signs',
    bytes: () => requestWith({ path: `/${'%'.repeat(MiB)}` }),
    want: 'ctx.ambiguous_path',
  },
  {
    name: 'a path of 1 MiB of escapes',
    bytes: () => requestWith({ path: `/t/acme/files/${'%41/'.repeat(MiB / 4)}x` }),
    want: '',
  },
  {
    name: 'a host of 1 MiB',
    bytes: () => requestWith({ host: '1'.repeat(MiB) }),
    want: '',
  },
  {
    name: 'a body of 3 MiB',
    bytes: () => requestWith({ body: 'x'.repeat(3 * MiB) }),
    want: '',
  },
  {
    name: 'text that is not UTF-8',
    bytes: () => {
      const bytes = requestWith({ path: `/orders/${'z'.repeat(MiB)}` });
      bytes[bytes.indexOf('zzz') + MiB / 2] = 0xff;
      return bytes;
    },
    want: 'ctx.malformed_request',
  },
  {
    name: 'nesting within the limit',
    bytes: () => nestedMetadata(100),
    want: 'authz.no_policy',
  },
  {
    name: 'nesting beyond the limit',
    bytes: () => nestedMetadata(120),
    want: 'ctx.malformed_request',
  },
  {
    name: 'nesting 2,000 levels deep',
    bytes: () => nestedMetadata(2_000),
    want: 'ctx.malformed_request',
  },
  { name: 'exactly 4 MiB', bytes: () => paddedTo(4 * MiB), want: '' },
  {
    name: '4 MiB and one byte',
    bytes: () => paddedTo(4 * MiB + 1),
    want: 'ctx.malformed_too_large',
  },
  { name: '15 MiB', bytes: () => Buffer.alloc(15 * MiB, 0xff), want: 'ctx.malformed_too_large' },
];

describe('hostile messages', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  let rssBeforeMiB = 0;

  before(async () => {
    server = await ServerProcess.start(BUNDLE, TRUST_DOMAIN);
    // The first large message makes the heap grow once, for everybody after it.
    await server.check(paddedTo(4 * MiB));
    rssBeforeMiB = server.rssMiB();
  });

  after(() => server?.stop());

  for (const { name, bytes, want } of CASES) {
    it(`answers ${name} with ${want === '' ? 'an allow' : want}, in bounded time`, async () => {
      const message = bytes();
      const startedMs = performance.now();
      const answer = readAnswer(await server.check(message));
      const tookMs = performance.now() - startedMs;
      assert.equal(answer.reason, want);
      assert.equal(answer.outcome, want === '' ? 'allow' : 'deny');
      assert.ok(tookMs < ANSWER_MS_MAX, `it took ${tookMs} ms`);
    });
  }

  it('refuses by an RPC error what passes 16 MiB', async () => {
    const refused = server.check(Buffer.alloc(16 * MiB + 1));
    await assert.rejects(refused, { code: RESOURCE_EXHAUSTED });
  });

  it('does not inflate what is compressed to a fraction', async () => {
    // 1 GiB of zeros in one megabyte: members of a gzip file may follow each other.
    const member = gzipSync(Buffer.alloc(16 * MiB));
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => member));
    let peakMiB = 0;
    const watch = setInterval(() => {
      peakMiB = Math.max(peakMiB, server.rssMiB());
    }, 10);
    const status = await callRaw(server.socket, compressedFrame(bomb));
    clearInterval(watch);
    assert.notEqual(status, 0);
    const grownMiB = peakMiB - rssBeforeMiB;
    assert.ok(grownMiB < GROWTH_MIB_MAX, `${grownMiB.toFixed(0)} MiB more at the peak`);
  });

  it('refuses what claims to be compressed and is not', async () => {
    assert.notEqual(await callRaw(server.socket, compressedFrame(ALLOWED)), 0);
  });

  it('has survived all that, keeps no memory of it, and still allows', async () => {
    assert.ok(server.running);
    const answer = readAnswer(await server.check(ALLOWED));
    assert.equal(answer.outcome, 'allow');
    for (let count = 0; count < 2_000; count++) await server.check(ALLOWED);
    const grownMiB = server.rssMiB() - rssBeforeMiB;
    assert.ok(grownMiB < GROWTH_MIB_MAX, `${grownMiB.toFixed(0)} MiB more than before`);
  });
});
