// The routes of one service: a tree a method, walked segment by segment, so that the cost depends
// on the path and not on how many operations there are. At each segment literal text goes before a
// capture, a capture before the rest; a longer template therefore beats a shorter one.

import type { TemplateSegment } from './path_template.ts';

class RouteNode<T> {
  /** Undefined where no literal text goes on, as in each leaf. */
  literals: Map<string, RouteNode<T>> | undefined;
  capture: RouteNode<T> | undefined;
  rest: T | undefined;
  end: T | undefined;

  addLiteral(text: string, node: RouteNode<T>): void {
    this.literals ??= new Map();
    this.literals.set(text, node);
  }
}

export interface RouteMatch<T> {
  readonly target: T;
  /** Captured values in the order of the template, decoded once. */
  readonly captures: readonly string[];
}

export class RouteTable<T> {
  readonly #methods = new Map<string, RouteNode<T>>();

  /** False when another route has the same method and shape. */
  add(method: string, segments: readonly TemplateSegment[], target: T): boolean {
    let node = this.#methods.get(method);
    if (node === undefined) {
      node = new RouteNode();
      this.#methods.set(method, node);
    }
    for (const segment of segments) {
      if (segment.kind === 'rest') {
        if (node.rest !== undefined) return false;
        node.rest = target;
        return true;
      }
      let next: RouteNode<T> | undefined =
        segment.kind === 'capture' ? node.capture : node.literals?.get(segment.text);
      if (next === undefined) {
        next = new RouteNode();
        if (segment.kind === 'capture') node.capture = next;
        else node.addLiteral(segment.text, next);
      }
      node = next;
    }
    if (node.end !== undefined) return false;
    node.end = target;
    return true;
  }

  /** `path` is canonical, without a query. HEAD is GET (RFC 9110 section 9.3.2). */
  find(method: string, path: string): RouteMatch<T> | undefined {
    const node = this.#methods.get(method === 'HEAD' ? 'GET' : method);
    if (node === undefined || path.charCodeAt(0) !== 0x2f) return undefined;
    const captures: string[] = [];
    const target = walk(node, path, 1, captures);
    return target === undefined ? undefined : { target, captures };
  }
}

function walk<T>(
  node: RouteNode<T>,
  path: string,
  start: number,
  captures: string[],
): T | undefined {
  const slash = path.indexOf('/', start);
  const end = slash === -1 ? path.length : slash;
  const segment = decodeSegment(path.slice(start, end));
  if (segment !== undefined) {
    const literal = node.literals?.get(segment);
    if (literal !== undefined) {
      const target = slash === -1 ? literal.end : walk(literal, path, slash + 1, captures);
      if (target !== undefined) return target;
    }
    if (node.capture !== undefined && isOneSegment(segment)) {
      captures.push(segment);
      const { capture } = node;
      const target = slash === -1 ? capture.end : walk(capture, path, slash + 1, captures);
      if (target !== undefined) return target;
      captures.pop();
    }
  }
  if (node.rest === undefined || start === path.length) return undefined;
  const rest = decodeRest(path.slice(start));
  if (rest === undefined) return undefined;
  captures.push(rest);
  return node.rest;
}

/** A capture is one segment: empty, a dot segment or with a slash it would be another number. */
function isOneSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && !segment.includes('/');
}

/** Percent-decoded once; undefined when it is no valid UTF-8 or no valid encoding. */
function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/**
 * INVARIANT: one resource has one name. A slash at the end is no part of it, or a rule about `a/b`
 * would not see `a/b/`; an empty or a dot segment, and an encoded slash, would move a boundary, so
 * such a path matches nothing.
 */
function decodeRest(rest: string): string | undefined {
  const decoded = /%2f/i.test(rest) ? undefined : decodeSegment(rest);
  const named = decoded?.endsWith('/') ? decoded.slice(0, -1) : decoded;
  return named?.split('/').every(isOneSegment) ? named : undefined;
}
