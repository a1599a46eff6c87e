// A client of the check port that does what HTTP/2 asks of it and nothing by itself: it never tries
// a call again, and counts what it has really sent and what was answered.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Address } from '../../server/address.ts';
import { checkFrames, END_STREAM, frame, PREFACE, settings, TYPE } from '../hostile/frames.ts';

const HEAD_BYTES = 9;
const ACK = 1;

export class PlainPeer {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #lastStream = -1;
  /** Streams that were asked on and not answered. */
  readonly open = new Set<number>();
  /** Last stream of each GOAWAY. */
  readonly goaways: number[] = [];
  answered = 0;
  resets = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => undefined);
    socket.write(Buffer.concat([PREFACE, settings()]));
  }

  static async connect(address: Address): Promise<PlainPeer> {
    if (address.kind !== 'tcp') throw new Error('this peer speaks TCP only');
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    await once(socket, 'connect');
    return new PlainPeer(socket);
  }

  ask(message: Buffer): void {
    this.#lastStream += 2;
    this.open.add(this.#lastStream);
    this.#socket.write(checkFrames(this.#lastStream, message));
  }

  /** Hears nothing any more. */
  pause(): void {
    this.#socket.pause();
  }

  get isClosed(): boolean {
    return this.#socket.closed || this.#socket.readableEnded;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < end) return;
      this.#take(this.#unread.subarray(0, end));
      this.#unread = this.#unread.subarray(end);
    }
  }

  #take(whole: Buffer): void {
    const [type, flags] = [whole[3], whole[4]!];
    const stream = whole.readUInt32BE(5);
    const payload = whole.subarray(HEAD_BYTES);
    if (type === TYPE.settings && flags !== ACK) this.#socket.write(frame('settings', ACK, 0));
    if (type === TYPE.ping && flags !== ACK) this.#socket.write(frame('ping', ACK, 0, payload));
    if (type === TYPE.goaway) this.goaways.push(payload.readUInt32BE(0));
    if (type === TYPE.rstStream) this.resets++;
    // The trailers; an answer of the check port has no other end.
    if (type === TYPE.headers && (flags & END_STREAM) !== 0 && this.open.delete(stream)) {
      this.answered++;
    }
  }
}
