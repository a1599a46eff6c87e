// What the answer to any bytes has to be: the official .proto files decode them, the naive
// evaluator decides, and what a strict parser refuses is a malformed request.

import { evaluate, type NaiveBundle } from '../naive/evaluate.ts';
import {
  type HeaderLine,
  type NaiveAsker,
  type NaiveSettings,
  naiveRequest,
  type OfficialRequest,
} from '../naive/request.ts';
import type { Expected } from './answer.ts';
import { grpcAndHttp } from './answer.ts';
import { CheckRequest } from './official_messages.ts';
import { Malformed, type Node, readTree } from './wire_tree.ts';

const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
const ASKER: NaiveAsker = { kind: 'local' };

export function encodeRequest(request: Record<string, unknown>): Buffer {
  return Buffer.from(CheckRequest.encode(CheckRequest.fromObject(request)).finish());
}

export function requestTree(bytes: Buffer): Node[] {
  return readTree(bytes, CheckRequest);
}

/** The tree of a CheckRequest that can be read in one way only; else throws `Malformed`. */
export function readMeaning(bytes: Buffer): Node[] {
  const tree = requestTree(bytes);
  checkMeaning(tree);
  return tree;
}

export class Oracle {
  readonly #bundle: NaiveBundle;
  readonly #settings: NaiveSettings;

  constructor(bundle: NaiveBundle, settings: NaiveSettings) {
    this.#bundle = bundle;
    this.#settings = settings;
  }

  expect(bytes: Buffer): Expected {
    if (bytes.length > MESSAGE_BYTES_MAX) return refused('ctx.malformed_too_large');
    let tree: Node[];
    try {
      tree = readMeaning(bytes);
    } catch (error) {
      if (error instanceof Malformed) return refused('ctx.malformed_request');
      throw error;
    }
    // Keys and defaults are as the official files have them.
    const decoded = CheckRequest.decode(bytes) as unknown as OfficialRequest;
    const request = naiveRequest(decoded, headerLines(tree));
    const result = evaluate(request, this.#bundle, this.#settings, ASKER, Date.now());
    return {
      ...grpcAndHttp(result.reason),
      outcome: result.outcome,
      reason: result.reason ?? '',
      principal: result.principal ?? '',
      policy: result.rules[0] ?? '',
    };
  }
}

function refused(reason: 'ctx.malformed_request' | 'ctx.malformed_too_large'): Expected {
  return { ...grpcAndHttp(reason), outcome: 'deny', reason, principal: '', policy: '' };
}

/** A check about nothing is none; one that names two services, or ports, could mean either. */
function checkMeaning(tree: readonly Node[]): void {
  if (!tree.some(({ number }) => number === 1)) throw new Malformed('no attributes');
  const values = at(tree, 1, 10)
    .filter((entry) => text(entry, 1).toString() === 'remit.service')
    .map((entry) => text(entry, 2).toString('latin1'));
  if (new Set(values).size > 1) throw new Malformed('two services');
  checkPort(tree);
  headerLines(tree);
}

/** Of the destination: one kind of address, and one port of 32 bits. */
function checkPort(tree: readonly Node[]): void {
  const [address] = at(tree, 1, 2, 1);
  const kinds = address?.children?.filter(({ number }) => number <= 3) ?? [];
  const ports = at(tree, 1, 2, 1, 1)
    .flatMap(({ children }) => children ?? [])
    .filter(({ number }) => number === 3 || number === 4);
  if (kinds.length > 1 || ports.length > 1) throw new Malformed('two addresses or ports');
  const port = ports.find(({ number }) => number === 3)?.content;
  if (port === undefined || port.length < 5) return;
  if (port.length > 5 || port[4]! > 0x0f) throw new Malformed('a port of more than 32 bits');
}

/** Both forms of headers, line by line as they were sent. */
function headerLines(tree: readonly Node[]): HeaderLine[] {
  const joined = at(tree, 1, 4, 2, 3).map((entry): HeaderLine => {
    return [text(entry, 1).toString(), text(entry, 2).toString('latin1')];
  });
  const apart = at(tree, 1, 4, 2, 13, 1).map((entry): HeaderLine => {
    // Whichever of value and raw_value is not empty.
    const values = (entry.children ?? []).filter(({ number, content }) => {
      return (number === 2 || number === 3) && content.length > 0;
    });
    if (values.length > 1) throw new Malformed('a value in text and in bytes');
    return [text(entry, 1).toString(), values[0]?.content.toString('latin1') ?? ''];
  });
  return [...joined, ...apart];
}

function at(tree: readonly Node[], ...numbers: number[]): readonly Node[] {
  let nodes = tree.filter(({ number }) => number === numbers[0]);
  for (const wanted of numbers.slice(1)) {
    nodes = nodes.flatMap((node) => (node.children ?? []).filter((it) => it.number === wanted));
  }
  return nodes;
}

function text({ children }: Node, wanted: number): Buffer {
  return children?.find(({ number }) => number === wanted)?.content ?? Buffer.alloc(0);
}
