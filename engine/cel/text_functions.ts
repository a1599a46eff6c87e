// Functions of strings: those of the CEL specification and of cel-go's strings extension. Positions
// count code points.

import { CelFailure, COST_EXCEEDED } from './failure.ts';
import { type Meter, textCost } from './frame.ts';
import { matchDynamic } from './regex.ts';
import {
  type Argument,
  define,
  type FunctionDefinition,
  type Implementation,
  signature,
} from './signature.ts';
import { BOOL, INT, listOf, STRING, type Type } from './type.ts';
import { type CelValue, isList } from './value.ts';

/** A text by code points: itself where each has one unit, which is nearly always. */
type Points = string | readonly string[];

function pointsOf(text: string): Points {
  return /[\ud800-\udfff]/.test(text) ? [...text] : text;
}

function slice(points: Points, start: number, end: number): string {
  return typeof points === 'string' ? points.slice(start, end) : points.slice(start, end).join('');
}

export function textSize(text: string): bigint {
  return BigInt(pointsOf(text).length);
}

/** A function of one string. */
function ofText(work: (text: string) => string): Implementation {
  return (meter, text) => {
    if (typeof text !== 'string') return undefined;
    return meter.charge(textCost(text.length)) ? work(text) : COST_EXCEEDED;
  };
}

/** A function that looks for one string in another, which may take the length of both. */
function ofTexts(work: (text: string, part: string) => boolean): Implementation {
  return (meter, text, part) => {
    if (typeof text !== 'string' || typeof part !== 'string') return undefined;
    const units = textCost(text.length) * (1 + textCost(part.length));
    return meter.charge(units) ? work(text, part) : COST_EXCEEDED;
  };
}

function positionOf(value: Argument, length: number): number | undefined {
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(length)) return undefined;
  return Number(value);
}

const NO_POSITION = new CelFailure('invalid_argument', 'the position is outside of the text');

function charAt(
  meter: Meter,
  text: Argument,
  position: Argument,
): CelValue | CelFailure | undefined {
  if (typeof text !== 'string' || typeof position !== 'bigint') return undefined;
  if (!meter.charge(textCost(text.length))) return COST_EXCEEDED;
  const points = pointsOf(text);
  const at = positionOf(position, points.length);
  return at === undefined ? NO_POSITION : (points[at] ?? '');
}

function substring(
  meter: Meter,
  text: Argument,
  start: Argument,
  end: Argument,
): CelValue | CelFailure | undefined {
  if (typeof text !== 'string' || typeof start !== 'bigint') return undefined;
  if (typeof end !== 'bigint' && end !== undefined) return undefined;
  if (!meter.charge(textCost(text.length))) return COST_EXCEEDED;
  const points = pointsOf(text);
  const from = positionOf(start, points.length);
  const to = end === undefined ? points.length : positionOf(end, points.length);
  if (from === undefined || to === undefined || from > to) return NO_POSITION;
  return slice(points, from, to);
}

/** First or last place of a text in another, from a position on or back. */
function find(direction: 'indexOf' | 'lastIndexOf'): Implementation {
  return (meter, text, wanted, position) => {
    if (typeof text !== 'string' || typeof wanted !== 'string') return undefined;
    if (typeof position !== 'bigint' && position !== undefined) return undefined;
    const units = 2 * textCost(text.length) * (1 + textCost(wanted.length));
    if (!meter.charge(units)) return COST_EXCEEDED;
    const points = pointsOf(text);
    const fallback = direction === 'indexOf' ? 0 : points.length;
    const at = position === undefined ? fallback : positionOf(position, points.length);
    if (at === undefined) return NO_POSITION;
    const found = text[direction](wanted, slice(points, 0, at).length);
    return found <= 0 ? BigInt(found) : textSize(text.slice(0, found));
  };
}

function replace(
  meter: Meter,
  text: Argument,
  from: Argument,
  to: Argument,
  limit: Argument,
): CelValue | CelFailure | undefined {
  if (typeof text !== 'string' || typeof from !== 'string' || typeof to !== 'string') {
    return undefined;
  }
  if (typeof limit !== 'bigint' && limit !== undefined) return undefined;
  // At most one place for each character and one more, if what is replaced is empty.
  const places = from === '' ? text.length + 1 : Math.floor(text.length / from.length);
  const units = textCost(text.length) * (1 + textCost(from.length)) + textCost(places * to.length);
  if (!meter.charge(units)) return COST_EXCEEDED;
  if (limit === undefined || limit < 0n) return text.replaceAll(from, () => to);
  if (from === '') return replaceEmpty([...text], to, limit);
  const pieces = text.split(from);
  const kept = limit < BigInt(pieces.length) ? Number(limit) : pieces.length - 1;
  return [...pieces.slice(0, kept), pieces.slice(kept).join(from)].join(to);
}

/** In front of so many characters, and behind the last one. */
function replaceEmpty(points: readonly string[], to: string, limit: bigint): string {
  const times = limit > BigInt(points.length) ? points.length + 1 : Number(limit);
  return [...points, ''].map((point, i) => (i < times ? `${to}${point}` : point)).join('');
}

function split(
  meter: Meter,
  text: Argument,
  separator: Argument,
  limit: Argument,
): CelValue | CelFailure | undefined {
  if (typeof text !== 'string' || typeof separator !== 'string') return undefined;
  if (typeof limit !== 'bigint' && limit !== undefined) return undefined;
  // At worst each character is an element.
  if (!meter.charge(1 + text.length)) return COST_EXCEEDED;
  const parts = separator === '' ? [...text] : text.split(separator);
  if (limit === undefined || limit < 0n || limit >= BigInt(parts.length)) return parts;
  if (limit === 0n) return [];
  const kept = parts.slice(0, Number(limit) - 1);
  return [...kept, parts.slice(kept.length).join(separator)];
}

function joinTexts(
  meter: Meter,
  list: Argument,
  separator: Argument,
): CelValue | CelFailure | undefined {
  if (list === undefined || !isList(list)) return undefined;
  if (typeof separator !== 'string' && separator !== undefined) return undefined;
  let length = 0;
  const texts: string[] = [];
  for (const text of list) {
    if (typeof text !== 'string') return undefined;
    length += text.length + (separator?.length ?? 0);
    if (!meter.charge(1)) return COST_EXCEEDED;
    texts.push(text);
  }
  return meter.charge(textCost(length)) ? texts.join(separator ?? '') : COST_EXCEEDED;
}

const matches: Implementation = (meter, text, pattern) =>
  typeof text === 'string' && typeof pattern === 'string'
    ? matchDynamic(text, pattern, meter)
    : undefined;

function method(name: string, result: Type, parameters: Type[], call: Implementation) {
  return define('method', name, [signature(result, STRING, ...parameters)], call);
}

/** What Unicode calls white space; `\s` has one more. */
const TRIM = /^\p{White_Space}+/u;

function trim(text: string): string {
  const begun = text.replace(TRIM, '');
  // Backwards by hand: an expression anchored at the end would look from every place.
  let end = begun.length;
  while (end > 0 && TRIM.test(begun[end - 1]!)) end--;
  return begun.slice(0, end);
}

export const TEXT_FUNCTIONS: readonly FunctionDefinition[] = [
  method(
    'contains',
    BOOL,
    [STRING],
    ofTexts((text, part) => text.includes(part)),
  ),
  method(
    'startsWith',
    BOOL,
    [STRING],
    ofTexts((text, part) => text.startsWith(part)),
  ),
  method(
    'endsWith',
    BOOL,
    [STRING],
    ofTexts((text, part) => text.endsWith(part)),
  ),
  method('matches', BOOL, [STRING], matches),
  define('function', 'matches', [signature(BOOL, STRING, STRING)], matches),
  method('charAt', STRING, [INT], charAt),
  method('indexOf', INT, [STRING], find('indexOf')),
  method('indexOf', INT, [STRING, INT], find('indexOf')),
  method('lastIndexOf', INT, [STRING], find('lastIndexOf')),
  method('lastIndexOf', INT, [STRING, INT], find('lastIndexOf')),
  method(
    'lowerAscii',
    STRING,
    [],
    ofText((text) => asciiCase(text, /[A-Z]+/g, 'toLowerCase')),
  ),
  method(
    'upperAscii',
    STRING,
    [],
    ofText((text) => asciiCase(text, /[a-z]+/g, 'toUpperCase')),
  ),
  method('replace', STRING, [STRING, STRING], replace),
  method('replace', STRING, [STRING, STRING, INT], replace),
  method('split', listOf(STRING), [STRING], split),
  method('split', listOf(STRING), [STRING, INT], split),
  method('substring', STRING, [INT], substring),
  method('substring', STRING, [INT, INT], substring),
  method('trim', STRING, [], ofText(trim)),
  method(
    'reverse',
    STRING,
    [],
    ofText((text) => [...text].reverse().join('')),
  ),
  define('method', 'join', [signature(STRING, listOf(STRING))], joinTexts),
  define('method', 'join', [signature(STRING, listOf(STRING), STRING)], joinTexts),
];

function asciiCase(text: string, letters: RegExp, to: 'toLowerCase' | 'toUpperCase'): string {
  return text.replace(letters, (run) => run[to]());
}
