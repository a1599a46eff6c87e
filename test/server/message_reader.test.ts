// One message of gRPC's framing, in whatever pieces it comes.

import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { KiB, MiB } from '../../engine/limits.ts';
import { frameMessage, MessageReader } from '../../server/message_reader.ts';

const head = (flag: number, length: number): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return prefix;
};

/** The message, or the code of what is wrong with it. */
function read(pieces: readonly Buffer[]): Buffer | number {
  const reader = new MessageReader();
  for (const piece of pieces) {
    const fault = reader.add(piece);
    if (fault !== undefined) return fault.code;
  }
  const taken = reader.take();
  return Buffer.isBuffer(taken) ? taken : taken.code;
}

/** Cut before each of these. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...at.filter((end) => end < bytes.length), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const message = fc.uint8Array({ maxLength: 5_000 }).map((bytes) => Buffer.from(bytes));
const places = fc.array(fc.nat(6_000), { maxLength: 40 });

describe('a message in pieces', () => {
  it('is the same however it is cut', () => {
    fc.assert(
      fc.property(message, places, (bytes, at) => {
        assert.deepEqual(read(cut(frameMessage(bytes), at)), bytes);
      }),
    );
  });

  it('takes less than twice what has come, or a kibibyte', () => {
    fc.assert(
      fc.property(message, places, (bytes, at) => {
        const reader = new MessageReader();
        let come = 0;
        for (const piece of cut(frameMessage(bytes), at)) {
          reader.add(Buffer.from(new Uint8Array(piece)));
          come += piece.length;
          assert.ok(reader.heldBytes <= Math.max(2 * come, KiB, piece.buffer.byteLength));
        }
        reader.release();
        assert.equal(reader.heldBytes, 0);
      }),
    );
  });

  it('never takes room for what is only announced', () => {
    const reader = new MessageReader();
    assert.equal(reader.add(head(0, 16 * MiB)), undefined);
    assert.ok(reader.heldBytes <= KiB);
  });

  const WRONG: { name: string; bytes: Buffer; want: status }[] = [
    { name: 'nothing', bytes: Buffer.alloc(0), want: status.UNIMPLEMENTED },
    { name: 'half a prefix', bytes: Buffer.alloc(3), want: status.INTERNAL },
    { name: 'a message that is cut off', bytes: head(0, 1), want: status.INTERNAL },
    {
      name: 'a byte behind the message',
      bytes: Buffer.concat([frameMessage(Buffer.alloc(9)), Buffer.of(0)]),
      want: status.UNIMPLEMENTED,
    },
    {
      name: 'two messages',
      bytes: Buffer.concat([frameMessage(Buffer.alloc(9)), frameMessage(Buffer.alloc(9))]),
      want: status.UNIMPLEMENTED,
    },
    { name: 'an unknown flag', bytes: head(2, 0), want: status.INTERNAL },
    { name: 'one of 4 GiB', bytes: head(0, 2 ** 32 - 1), want: status.RESOURCE_EXHAUSTED },
    { name: 'one byte too many', bytes: head(0, 16 * MiB + 1), want: status.RESOURCE_EXHAUSTED },
  ];
  for (const { name, bytes, want } of WRONG) {
    it(`is wrong, in one piece or many: ${name}`, () => {
      assert.equal(read([bytes]), want);
      assert.equal(read(cut(bytes, [...bytes.keys()])), want);
    });
  }
});
