// Mutations of encoded messages: of their bytes, and of the tree that the bytes stand for.

import type { Random } from '../agreement/random.ts';
import { requestTree } from './oracle.ts';
import { encodeTree, encodeVarint, type Node } from './wire_tree.ts';

type Mutable = { number: number; wire: number; content: Buffer; children: Mutable[] | undefined };

/** Texts that mean something somewhere, for the place of any other text. */
const TEXTS = [
  '',
  'GET',
  'HEAD',
  'POST',
  '/orders',
  '/orders/13',
  '/orders/%2F',
  '/orders//x',
  '/orders/..;/x',
  '/%',
  'authorization',
  'Authorization',
  ':authority',
  'host',
  'remit.service',
  'shop/orders',
  'shop/open',
  'open.example',
  'spiffe://td.example/ns/shop/sa/orders',
  'spiffe://td.example/ns/shop/sa/cart',
  'spiffe://td.example/ns/ai/sa/bot',
  'spiffe://td.example',
  '__proto__',
  'a'.repeat(300),
].map((text) => Buffer.from(text));

const NO_TEXTS = ['ff', 'c080', 'eda080', 'f4908080', 'e282', '80', '61c3'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function flipBits(random: Random, bytes: Buffer): Buffer {
  const flipped = Buffer.from(bytes);
  for (let count = 1 + random.below(3); count > 0 && flipped.length > 0; count--) {
    const at = random.below(flipped.length);
    flipped[at] = flipped[at]! ^ (1 << random.below(8));
  }
  return flipped;
}

function cutAndPaste(random: Random, bytes: Buffer, pasted: Buffer): Buffer {
  const start = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, start + random.pick([0, 0, 1, 2, 8]));
  return Buffer.concat([bytes.subarray(0, start), pasted, bytes.subarray(end)]);
}

function splice(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const head = bytes.subarray(0, random.below(bytes.length + 1));
  return Buffer.concat([head, other.subarray(random.below(other.length + 1))]);
}

/** Changes of bytes, blind to what they mean. */
export function mutateBytes(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const changes: readonly (() => Buffer)[] = [
    () => flipBits(random, bytes),
    () => flipBits(random, bytes),
    () => cutAndPaste(random, bytes, randomBytes(random, random.below(4))),
    () => cutAndPaste(random, bytes, random.pick(NO_TEXTS)),
    () => bytes.subarray(0, random.below(bytes.length + 1)),
    () => splice(random, bytes, other),
    () => Buffer.concat([bytes, random.pick([other, randomBytes(random, 3), UNKNOWN_FIELD])]),
    () => randomBytes(random, random.below(200)),
  ];
  return random.pick(changes)();
}

const UNKNOWN_FIELD = Buffer.from('a20603616263', 'hex');

/** All nodes with the list they stand in. */
function places(
  tree: Mutable[],
  found: { list: Mutable[]; index: number; node: Mutable }[] = [],
): { list: Mutable[]; index: number; node: Mutable }[] {
  for (const [index, node] of tree.entries()) {
    found.push({ list: tree, index, node });
    if (node.children !== undefined) places(node.children, found);
  }
  return found;
}

/** Changes of one field, with all lengths around it put right again. */
export function mutateTree(random: Random, bytes: Buffer, other: Buffer): Buffer {
  // What was just read belongs to nobody else, so it may be changed in place.
  const tree = requestTree(bytes) as Mutable[];
  const all = places(tree);
  const { list, index, node } = random.pick(all);
  const anyList = () => random.pick(all.filter((it) => it.node.children)).node.children!;
  const foreign = () => random.pick(places(requestTree(other) as Mutable[])).node;
  const changes: readonly (() => void)[] = [
    () => list.push(node),
    () => list.push({ ...node, content: random.pick(TEXTS), children: undefined }),
    () => list.splice(index, 1),
    () => list.reverse(),
    () => anyList().push(node.children ? foreign() : node),
    () => list.splice(index, 1, foreign()),
    () => anyList().push(oddField(random)),
    () => {
      node.wire = random.pick([0, 1, 2, 3, 4, 5, 6, 7]);
    },
    () => {
      node.number = random.pick([1, 2, 3, 4, 5, 9, 13, 14, 100, 536870911]);
    },
    ...Array.from({ length: 8 }, () => () => putText(random, all, random.pick(TEXTS))),
    () => putText(random, all, random.pick(NO_TEXTS)),
    () => nestedMetadata(tree, random.pick([1, 5, 18, 19, 20, 21, 22, 30, 300])),
  ];
  random.pick(changes)();
  return encodeTree(tree);
}

/** Fields that no descriptor has, or that no parser should take. */
function oddField(random: Random): Mutable {
  const wire = random.pick([0, 1, 2, 3, 4, 5]);
  const content = random.pick([
    encodeVarint(random.below(2 ** 31)),
    Buffer.alloc(8, random.pick([0, 0x80, 0xff])),
    Buffer.alloc(4),
    Buffer.alloc(11, 0x80),
  ]);
  return { number: random.pick([7, 50, 19000, 536870911, 0]), wire, content, children: undefined };
}

function putText(random: Random, all: ReturnType<typeof places>, text: Buffer): void {
  const texts = all.filter(({ node }) => node.wire === 2 && !node.children);
  if (texts.length > 0) random.pick(texts).node.content = text;
}

/** metadata_context with a Struct in a Struct, so many times; each is three messages deep. */
function nestedMetadata(tree: Mutable[], depth: number): void {
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([encodeVarint(number * 8 + 2), encodeVarint(content.length), content]);
  let value = field(3, Buffer.from('end'));
  for (let count = 0; count < depth; count++) value = field(5, field(1, field(2, value)));
  const metadata = field(1, field(2, field(1, field(2, value))));
  const attributes = tree.find(({ number }) => number === 1)?.children ?? [];
  const old = attributes.findIndex(({ number }) => number === 11);
  if (old !== -1) attributes.splice(old, 1);
  attributes.push({ number: 11, wire: 2, content: metadata, children: undefined });
}

/** A length somewhere is changed and nothing else, so that everything after it moves. */
export function mutateLength(random: Random, bytes: Buffer): Buffer {
  const tree = requestTree(bytes) as Mutable[];
  const measured = places(tree).filter(({ node }) => node.wire === 2);
  const { list, index, node } = random.pick(measured);
  const body = node.children === undefined ? node.content : encodeTree(node.children as Node[]);
  const lengths = [
    encodeVarint(Math.max(0, body.length + random.pick([-2, -1, 1, 2, 100, 2 ** 31, 2 ** 32 - 1]))),
    Buffer.concat([Buffer.from([(body.length % 128) + 128]), lastByte(body.length)]),
    Buffer.from('ffffffffffffffffff01', 'hex'),
    Buffer.from('8080808000', 'hex'),
    Buffer.from('808080808000', 'hex'),
  ];
  const tag = encodeVarint(node.number * 8 + 2);
  const written = Buffer.concat([tag, random.pick(lengths), body]);
  // Put in as it is: a field whose tag the content brings along itself.
  const raw = { number: -1, wire: 2, content: written, children: undefined };
  list.splice(index, 1, raw);
  return encodeRaw(tree);
}

/** An overlong but valid second byte of a length below 2^14. */
function lastByte(length: number): Buffer {
  return Buffer.from([Math.floor(length / 128) % 128]);
}

function encodeRaw(nodes: readonly Mutable[]): Buffer {
  return Buffer.concat(
    nodes.map((node) => {
      if (node.number === -1) return node.content;
      if (node.children === undefined) return encodeTree([node]);
      const body = encodeRaw(node.children);
      return Buffer.concat([encodeVarint(node.number * 8 + 2), encodeVarint(body.length), body]);
    }),
  );
}
