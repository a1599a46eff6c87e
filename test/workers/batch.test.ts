// Batches between threads: what goes in comes out, byte for byte.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type PackedAnswer,
  packAnswers,
  packRequests,
  unpackAnswers,
  unpackRequests,
} from '../../workers/batch.ts';

const MiB = 1024 * 1024;
const bytes = fc.uint8Array({ maxLength: 300 });
const word = fc.nat(2 ** 32 - 1);
const packedAnswer: fc.Arbitrary<PackedAnswer> = fc.record(
  {
    response: bytes,
    evidence: bytes,
    decision: bytes,
    durationUs: word,
    outcomeCode: word,
    evidenceCode: word,
  },
  { noNullPrototype: true },
);

function roundTripRequests(requests: readonly Uint8Array[]): void {
  const buffer = packRequests(requests.map((request) => Buffer.from(request)));
  assert.equal(
    buffer.byteLength,
    4 + requests.reduce((sum, { length }) => sum + 4 + length, 0),
    'a batch is exactly as large as it has to be',
  );
  assert.deepEqual(
    unpackRequests(buffer).map((request) => new Uint8Array(request)),
    requests.map((request) => new Uint8Array(request)),
  );
}

function roundTripAnswers(answers: readonly PackedAnswer[]): void {
  const unpacked = unpackAnswers(packAnswers(answers));
  assert.deepEqual(unpacked.answers, answers);
  const together = (kind: 'evidence' | 'decision') =>
    new Uint8Array(Buffer.concat(answers.map((answer) => answer[kind])));
  assert.deepEqual(new Uint8Array(unpacked.evidence), together('evidence'));
  assert.deepEqual(new Uint8Array(unpacked.decisions), together('decision'));
}

describe('a batch of requests', () => {
  it('comes out as it went in, whatever is in it', () =>
    fc.assert(fc.property(fc.array(bytes, { maxLength: 50 }), roundTripRequests)));

  const shapes: { name: string; requests: Uint8Array[] }[] = [
    { name: 'no request', requests: [] },
    { name: 'one empty request', requests: [new Uint8Array()] },
    {
      name: 'empty requests among others',
      requests: [[], [1], [], [2, 3], []].map((it) => Uint8Array.from(it)),
    },
    { name: 'a request of 5 MiB', requests: [new Uint8Array(5 * MiB).fill(7), Uint8Array.of(1)] },
    {
      name: '10,000 requests',
      requests: Array.from({ length: 10_000 }, (_, n) => Uint8Array.of(n & 255)),
    },
  ];
  for (const { name, requests } of shapes) {
    it(`may hold ${name}`, () => roundTripRequests(requests));
  }

  it('may be packed from views into larger buffers', () => {
    const whole = Buffer.from('abcdef');
    const unpacked = unpackRequests(packRequests([whole.subarray(1, 3), whole.subarray(5)]));
    assert.deepEqual(unpacked.map(String), ['bc', 'f']);
  });
});

describe('a batch of answers', () => {
  it('comes out as it went in, with the lines of all answers in one piece each', () =>
    fc.assert(fc.property(fc.array(packedAnswer, { maxLength: 50 }), roundTripAnswers)));

  it('may hold no answer', () => roundTripAnswers([]));

  it('may hold large answers', () => {
    const large = new Uint8Array(2 * MiB).fill(9);
    const numbers = { durationUs: 1, outcomeCode: 2, evidenceCode: 3 };
    roundTripAnswers([
      { response: large, evidence: large, decision: large, ...numbers },
      { response: Uint8Array.of(1), evidence: large, decision: new Uint8Array(), ...numbers },
    ]);
  });
});
