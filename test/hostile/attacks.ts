// The attacks: each goes on until it is told to stop, and opens new connections where the server
// has closed the old ones.

import { setTimeout as sleep } from 'node:timers/promises';
import { MiB } from '../../engine/limits.ts';
import { AttackSocket } from './attack_socket.ts';
import {
  CHECK_HEADERS,
  checkFrames,
  END_HEADERS,
  END_STREAM,
  frame,
  headerBlock,
  messageHead,
  settings,
  uint32,
} from './frames.ts';

export interface Attack {
  readonly port: number;
  readonly running: () => boolean;
  /** Counts what it did. */
  readonly did: (count: number) => void;
  /** A message that the server allows. */
  readonly allowed: Buffer;
}

type Run = (attack: Attack) => Promise<void>;

const STREAMS = 1_000;
/** Few enough for the pool, which refuses beyond its queue. */
const ASKED_AT_ONCE = 60;
const INITIAL_WINDOW_SIZE = 4;

/** How soon an attacker comes back whose connection was closed. */
const AGAIN_MS = 5;

/** Sends blocks one after the other on one connection at a time. */
function flood(
  block: (round: number) => Buffer,
  start: (port: number) => Promise<AttackSocket> = (port) => AttackSocket.openHttp2(port),
): Run {
  return async ({ port, running, did }) => {
    while (running()) {
      const socket = await start(port);
      for (let round = 0; running() && socket.alive; round++) {
        await socket.write(block(round));
        did(1);
        // The event loop turns, so that what the server says is read.
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.destroy();
      await sleep(AGAIN_MS);
    }
  };
}

const times = (count: number, bytes: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => bytes(index)));

/** The ids of a client's streams are odd and only grow. */
const streamId = (index: number): number => 2 * index + 1;

const cancel = uint32(8);
const openStream = (id: number): Buffer => frame('headers', END_HEADERS, id, CHECK_HEADERS);

/** Many connections that send this and then say nothing. */
function silent(count: number, first: Buffer, http2: boolean): Run {
  return async ({ port, running, did }) => {
    const sockets: AttackSocket[] = [];
    while (running()) {
      if (sockets.length < count) {
        const open = http2 ? AttackSocket.openHttp2 : AttackSocket.open;
        const opened = await Promise.all(Array.from({ length: 50 }, () => open(port)));
        for (const socket of opened) void socket.write(first);
        sockets.push(...opened);
        did(opened.length);
      } else await sleep(20);
    }
    for (const socket of sockets) socket.destroy();
  };
}

/** Streams whose message never ends, on one connection; `step` is what each gets in a round. */
function unfinished(step: Buffer, pauseMs: number): Run {
  return async ({ port, running, did }) => {
    while (running()) {
      const socket = await AttackSocket.openHttp2(port);
      const first = frame('data', 0, 0, messageHead(15 * MiB));
      const more = frame('data', 0, 0, step);
      // The connection's own window: the server opens it again as it reads.
      for (let index = 0; index < STREAMS && socket.alive; index++) {
        const head = Buffer.from(first);
        head.writeUInt32BE(streamId(index), 5);
        await socket.write(Buffer.concat([openStream(streamId(index)), head]));
      }
      while (running() && socket.alive) {
        for (let index = 0; index < STREAMS && running() && socket.alive; index++) {
          more.writeUInt32BE(streamId(index), 5);
          await socket.write(Buffer.from(more));
          did(1);
          if (index % 20 === 0) await sleep(pauseMs);
        }
      }
      socket.destroy();
      await sleep(AGAIN_MS);
    }
  };
}

/** No END_HEADERS: the block of headers goes on for ever. */
const endlessHeaders = Buffer.concat([
  frame('headers', 0, 1, CHECK_HEADERS),
  times(1_000, (index) => frame('continuation', 0, 1, headerBlock({ [`x-${index}`]: 'v' }))),
]);
const moreHeaders = times(1_000, () => frame('continuation', 0, 1, headerBlock({ x: 'v' })));

/** Whole questions on ever more connections, whose windows stay shut. */
const neverReads: Run = async ({ port, running, did, allowed }) => {
  const asked = times(ASKED_AT_ONCE, (index) => checkFrames(streamId(index), allowed));
  let sockets: AttackSocket[] = [];
  while (running()) {
    const shut = settings([INITIAL_WINDOW_SIZE, 0]);
    const socket = await AttackSocket.openHttp2(port, true, shut);
    await socket.write(asked);
    did(ASKED_AT_ONCE);
    sockets = [...sockets.filter(({ alive }) => alive), socket];
    // Slower than what the server can decide: it is the answers that shall pile up.
    await sleep(20);
  }
  for (const socket of sockets) socket.destroy();
};

export const ATTACKS = {
  'connections that say nothing': silent(3_000, Buffer.alloc(0), false),
  'connections that begin HTTP/2 and ask nothing': silent(3_000, Buffer.alloc(0), true),
  '10,000 connections of one client': silent(10_000, Buffer.alloc(0), false),
  'garbage at full speed': flood(
    () => Buffer.alloc(64 * 1024, 0xa5),
    (port) => AttackSocket.open(port),
  ),
  'garbage after the preface': flood(() => Buffer.alloc(64 * 1024, 0xa5)),
  'rapid reset': flood((round) =>
    times(500, (index) => {
      const id = streamId(round * 500 + index);
      return Buffer.concat([openStream(id), frame('rstStream', 0, id, cancel)]);
    }),
  ),
  'settings without end': flood(() => times(2_000, () => settings([INITIAL_WINDOW_SIZE, 70_000]))),
  'pings without end': flood(() => times(2_000, () => frame('ping', 0, 0, Buffer.alloc(8)))),
  'pings whose answers nobody reads': flood(
    () => times(2_000, () => frame('ping', 0, 0, Buffer.alloc(8))),
    (port) => AttackSocket.openHttp2(port, false),
  ),
  'headers without end': flood((round) => (round === 0 ? endlessHeaders : moreHeaders)),
  'window updates without end': flood((round) =>
    round === 0
      ? openStream(1)
      : times(4_000, () => frame('windowUpdate', 0, round % 2, uint32(1))),
  ),
  'priorities without end': flood((round) =>
    times(4_000, (index) =>
      frame('priority', 0, streamId((round * 4_000 + index) % 1e6), Buffer.from([0, 0, 0, 0, 9])),
    ),
  ),
  'empty data frames': flood((round) =>
    round === 0 ? openStream(1) : times(4_000, () => frame('data', 0, 1)),
  ),
  'data for streams that are gone': flood((round) =>
    round === 0
      ? Buffer.concat([frame('headers', END_HEADERS | END_STREAM, 1, CHECK_HEADERS)])
      : times(4_000, () => frame('data', 0, 1)),
  ),
  'a byte at a time': unfinished(Buffer.alloc(1), 5),
  'megabytes of unfinished messages': unfinished(Buffer.alloc(16_000), 1),
  'answers that nobody reads': neverReads,
} satisfies Record<string, Run>;

export type AttackName = keyof typeof ATTACKS;
