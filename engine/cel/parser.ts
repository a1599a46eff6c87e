// Text → syntax tree: the grammar of the CEL specification by recursive descent, with `.?`, `[?`
// and `{?`. Text, nodes and depth are bounded, so the time and the stack that a text can take are
// too.

import {
  CONDITION_DEPTH_MAX,
  CONDITION_MACROS_MAX,
  CONDITION_NODES_MAX,
  CONDITION_TEXT_MAX,
} from '../limits.ts';
import type { ConditionError } from './condition_error.ts';
import { expandMacro } from './macro.ts';
import { mistake, SyntaxMistake } from './mistake.ts';
import type { BinaryOperator, Node } from './syntax.ts';
import { childrenOf } from './syntax.ts';
import { readToken, type Token } from './token.ts';

const INT_MAX = 0x7fff_ffff_ffff_ffffn;

const KEYWORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

const RESERVED: ReadonlySet<string> = new Set(
  (
    'in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
);

/** From loosest to tightest; a level of one kind of operator. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** A node without its depth, of each kind. */
type Draft = Node extends infer N ? (N extends Node ? Omit<N, 'depth'> : never) : never;

export function parseExpression(text: string): Node | ConditionError {
  if (text.length > CONDITION_TEXT_MAX) {
    const message = `the condition has ${text.length} characters`;
    return { offset: 0, message, expected: `at most ${CONDITION_TEXT_MAX}` };
  }
  try {
    return new Parser(text).parse();
  } catch (error) {
    if (error instanceof SyntaxMistake) return error.error;
    throw error;
  }
}

class Parser {
  readonly #text: string;
  #token: Token;
  #nodes = 0;
  /** Open brackets and operators in front. */
  #open = 0;

  constructor(text: string) {
    this.#text = text;
    this.#token = readToken(text, 0);
  }

  parse(): Node {
    const node = this.#conditional();
    if (this.#token.kind !== 'end') throw this.#unexpected('an operator or the end');
    checkMacros(node, 0);
    return node;
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = readToken(this.#text, token.end);
    return token;
  }

  #is(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === symbol;
  }

  #accept(symbol: string): boolean {
    if (!this.#is(symbol)) return false;
    this.#advance();
    return true;
  }

  #expect(symbol: string): Token {
    if (!this.#is(symbol)) throw this.#unexpected(`\`${symbol}\``);
    return this.#advance();
  }

  #unexpected(expected: string): SyntaxMistake {
    const { kind, text, offset } = this.#token;
    const found =
      kind === 'end' ? 'the condition ends here' : `unexpected \`${text.slice(0, 40)}\``;
    return mistake(offset, found, expected);
  }

  #make(draft: Draft): Node {
    // The depth is the only field that a draft lacks.
    const children = childrenOf({ ...draft, depth: 0 } as Node);
    const depth = children.reduce((deepest, child) => Math.max(deepest, child.depth), 0) + 1;
    if (depth > CONDITION_DEPTH_MAX) throw this.#tooDeep(draft.offset);
    if (++this.#nodes > CONDITION_NODES_MAX) {
      throw mistake(draft.offset, 'the condition is too large', `${CONDITION_NODES_MAX} parts`);
    }
    return { ...draft, depth } as Node;
  }

  #tooDeep(offset: number): SyntaxMistake {
    return mistake(offset, 'the condition is nested too deeply', `${CONDITION_DEPTH_MAX} levels`);
  }

  #conditional(): Node {
    if (++this.#open > CONDITION_DEPTH_MAX) throw this.#tooDeep(this.#token.offset);
    let node = this.#logical('||');
    const { offset } = this.#token;
    if (this.#accept('?')) {
      const yes = this.#logical('||');
      this.#expect(':');
      node = this.#make({ kind: 'conditional', offset, test: node, yes, no: this.#conditional() });
    }
    this.#open--;
    return node;
  }

  #logical(operator: '||' | '&&'): Node {
    const next = () => (operator === '||' ? this.#logical('&&') : this.#binary(0));
    const { offset } = this.#token;
    const operands = [next()];
    while (this.#accept(operator)) operands.push(next());
    return operands.length === 1
      ? operands[0]!
      : this.#make({ kind: 'logical', offset, operator, operands });
  }

  #binary(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { kind, text, offset } = this.#token;
      const operator = operators.find((it) => it === text);
      // `in` is the one operator that is a word.
      if (operator === undefined || kind !== (text === 'in' ? 'name' : 'symbol')) return left;
      this.#advance();
      left = this.#make({ kind: 'binary', offset, operator, left, right: this.#binary(level + 1) });
    }
  }

  #unary(): Node {
    const { offset } = this.#token;
    const operator = this.#is('!') ? '!' : this.#is('-') ? '-' : undefined;
    if (operator === undefined) return this.#postfix(this.#primary());
    this.#advance();
    // The least int has no positive counterpart, so sign and digits are read together.
    if (operator === '-' && this.#token.kind === 'literal') {
      const { value } = this.#token;
      if (typeof value === 'bigint' || typeof value === 'number') {
        this.#advance();
        return this.#postfix(this.#int(offset, typeof value === 'bigint' ? -value : -value));
      }
    }
    if (++this.#open > CONDITION_DEPTH_MAX) throw this.#tooDeep(offset);
    const node = this.#make({ kind: 'unary', offset, operator, operand: this.#unary() });
    this.#open--;
    return node;
  }

  #int(offset: number, value: bigint | number): Node {
    if (typeof value === 'bigint' && (value > INT_MAX || value < -INT_MAX - 1n)) {
      throw mistake(offset, 'the number is out of range of int');
    }
    return this.#make({ kind: 'literal', offset, value });
  }

  #postfix(start: Node): Node {
    let node = start;
    for (;;) {
      const { offset } = this.#token;
      if (this.#accept('.')) node = this.#member(node);
      else if (this.#accept('[')) {
        const mode = this.#accept('?') ? 'optional' : 'plain';
        const index = this.#conditional();
        this.#expect(']');
        node = this.#make({ kind: 'index', offset, operand: node, index, mode });
      } else if (this.#is('{') && (node.kind === 'ident' || node.kind === 'select')) {
        throw mistake(offset, 'messages cannot be made in a condition', 'an operator or the end');
      } else return node;
    }
  }

  /** What follows a dot. */
  #member(operand: Node): Node {
    const mode = this.#accept('?') ? 'optional' : 'plain';
    const { kind, text, offset } = this.#token;
    if (kind !== 'name' && kind !== 'quoted') throw this.#unexpected('the name of a field');
    if (kind === 'name' && (KEYWORDS.has(text) || text === 'in')) {
      throw mistake(offset, `\`${text}\` is a reserved word`, 'the name of a field');
    }
    this.#advance();
    if (kind === 'quoted' || mode === 'optional' || !this.#is('(')) {
      return this.#make({ kind: 'select', offset, operand, field: text, mode });
    }
    return this.#call(text, offset, operand);
  }

  #call(name: string, offset: number, target: Node | undefined): Node {
    this.#expect('(');
    const args = this.#list(')', () => this.#conditional());
    const draft = expandMacro(name, offset, target, args);
    return this.#make(draft ?? { kind: 'call', offset, name, target, args });
  }

  /** Items with commas between them; one behind the last is allowed only where CEL allows it. */
  #list<T>(closing: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#is(closing)) {
      items.push(item());
      if (!this.#is(closing)) {
        if (!this.#is(',')) throw this.#unexpected(`\`,\` or \`${closing}\``);
        const comma = this.#advance();
        if (this.#is(closing) && closing === ')') {
          throw mistake(comma.offset, 'unexpected `,`', '`)`');
        }
      }
    }
    this.#advance();
    return items;
  }

  #primary(): Node {
    const { kind, text, offset, value } = this.#token;
    if (kind === 'literal' && value !== undefined) {
      this.#advance();
      if (typeof value === 'bigint') return this.#int(offset, value);
      return this.#make({ kind: 'literal', offset, value });
    }
    if (kind === 'name') return this.#name();
    if (this.#accept('(')) {
      const node = this.#conditional();
      this.#expect(')');
      return node;
    }
    if (this.#accept('[')) {
      const elements = this.#list(']', () => {
        const optional = this.#accept('?');
        return { optional, value: this.#conditional() };
      });
      return this.#make({ kind: 'list', offset, elements });
    }
    if (this.#accept('{')) {
      const entries = this.#list('}', () => {
        const optional = this.#accept('?');
        const key = this.#conditional();
        this.#expect(':');
        return { optional, key, value: this.#conditional() };
      });
      return this.#make({ kind: 'map', offset, entries });
    }
    // A leading dot means the outermost scope; there is only one.
    if (this.#accept('.') && this.#token.kind === 'name') return this.#name();
    throw this.#unexpected(text === '' ? 'a value' : 'a value, a variable or `(`');
  }

  #name(): Node {
    const { text, offset } = this.#advance();
    const keyword = KEYWORDS.get(text);
    if (keyword !== undefined) return this.#make({ kind: 'literal', offset, value: keyword });
    if (RESERVED.has(text)) throw mistake(offset, `\`${text}\` is a reserved word`, 'a variable');
    if (this.#is('(')) return this.#call(text, offset, undefined);
    return this.#make({ kind: 'ident', offset, name: text });
  }
}

function checkMacros(node: Node, outer: number): void {
  const depth = node.kind === 'macro' ? outer + 1 : outer;
  if (depth > CONDITION_MACROS_MAX) {
    throw mistake(node.offset, 'macros are nested too deeply', `${CONDITION_MACROS_MAX} levels`);
  }
  for (const child of childrenOf(node)) checkMacros(child, depth);
}
