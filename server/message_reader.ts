// The one message of a unary call, out of the pieces that HTTP/2 brings (gRPC's PROTOCOL-HTTP2.md,
// "Length-Prefixed-Message": a flag, four bytes of length, the message).

import { status } from '@grpc/grpc-js';
import { TRANSPORT_BYTES_MAX } from '../engine/limits.ts';
import type { GrpcStatus } from './grpc_status.ts';

const PREFIX_BYTES = 5;
const LENGTH_AT = 1;
/** A first piece of less than that is given room for the rest of an ordinary check. */
const ROOM_BYTES = 1024;

const NONE: GrpcStatus = { code: status.UNIMPLEMENTED, details: 'no request message' };
const REPEATED: GrpcStatus = { code: status.UNIMPLEMENTED, details: 'more than one message' };
const FLAG: GrpcStatus = { code: status.INTERNAL, details: 'unknown flags of a message' };
const CUT: GrpcStatus = { code: status.INTERNAL, details: 'the message is cut off' };
const TOO_LARGE: GrpcStatus = {
  code: status.RESOURCE_EXHAUSTED,
  details: `a message larger than ${TRANSPORT_BYTES_MAX} bytes`,
};

/** With the prefix in front, as it is sent: uncompressed. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, LENGTH_AT);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

export class MessageReader {
  /** What has come, in memory that may be longer; of a message in one piece, that piece. */
  #memory: Buffer | undefined = undefined;
  #length = 0;
  /** With the prefix; 0 until that is there. */
  #wanted = 0;

  /** Memory that it keeps; a message in one piece keeps all that came with it. */
  get heldBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  get isCompressed(): boolean {
    return this.#memory?.[0] === 1;
  }

  /** @returns what is wrong with it, after which nothing may be added */
  add(piece: Buffer): GrpcStatus | undefined {
    if (this.#memory === undefined && piece.length > PREFIX_BYTES) {
      const wanted = PREFIX_BYTES + piece.readUInt32BE(LENGTH_AT);
      // Nearly always. The piece is the memory that it was read into, which is ours now.
      if (wanted === piece.length && piece[0]! <= 1) {
        this.#memory = piece;
        this.#length = this.#wanted = wanted;
        return undefined;
      }
    }
    if (this.#wanted > 0 && this.#length + piece.length > this.#wanted) return REPEATED;
    this.#append(piece);
    if (this.#wanted > 0 || this.#length < PREFIX_BYTES) return undefined;
    if (this.#memory![0]! > 1) return FLAG;
    this.#wanted = PREFIX_BYTES + this.#memory!.readUInt32BE(LENGTH_AT);
    if (this.#wanted > PREFIX_BYTES + TRANSPORT_BYTES_MAX) return TOO_LARGE;
    return this.#length > this.#wanted ? REPEATED : undefined;
  }

  /** The message without its prefix, when nothing more will come; or what is wrong with it. */
  take(): Buffer | GrpcStatus {
    if (this.#length === 0) return NONE;
    if (this.#wanted === 0 || this.#length < this.#wanted) return CUT;
    return this.#memory!.subarray(PREFIX_BYTES, this.#length);
  }

  /** When the message is no longer needed: then it is as if none had come. */
  release(): void {
    this.#memory = undefined;
    this.#length = 0;
  }

  /** A piece keeps all the memory that it was read into, so it is copied out of there. */
  #append(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#memory === undefined || length > this.#memory.length) {
      const most = this.#wanted > 0 ? this.#wanted : Number.POSITIVE_INFINITY;
      const room = Math.max(length, Math.min(most, Math.max(2 * this.#length, ROOM_BYTES)));
      const memory = Buffer.allocUnsafeSlow(room);
      if (this.#memory !== undefined) memory.set(this.#memory.subarray(0, this.#length));
      this.#memory = memory;
    }
    this.#memory.set(piece, this.#length);
    this.#length = length;
  }
}
