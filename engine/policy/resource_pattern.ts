// Resources (DESIGN section 6, "Resource"): `type/id`, where an operation fills captures in and a
// rule may write `*` for one segment and a trailing `**` for the rest. The type is always literal.

import type { Resource } from '../access_request.ts';

export type ResourceMatcher = (resource: Resource) => boolean;

export interface ResourcePattern {
  readonly type: string;
  readonly matches: ResourceMatcher;
}

const TYPE = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** The pattern, or what is wrong with it. */
export function parseResourcePattern(text: string): ResourcePattern | string {
  const slash = text.indexOf('/');
  const type = slash === -1 ? text : text.slice(0, slash);
  if (!TYPE.test(type)) return `\`${type}\` is no resource type; the type is always literal`;
  if (slash === -1) return `\`${text}\` has no id`;
  const wanted = text.slice(slash + 1).split('/');
  const last = wanted.length - 1;
  for (const [index, segment] of wanted.entries()) {
    if (segment === '') return `\`${text}\` has an empty segment`;
    if (segment === '**' ? index !== last : segment !== '*' && segment.includes('*')) {
      return `\`${segment}\` is no whole segment; \`*\` stands for one, a trailing \`**\` for the rest`;
    }
  }
  const id = text.slice(slash + 1);
  if (!id.includes('*')) {
    return { type, matches: (resource) => resource.type === type && resource.id === id };
  }
  return {
    type,
    matches: (resource) => resource.type === type && segmentsMatch(wanted, resource.id),
  };
}

function segmentsMatch(wanted: readonly string[], id: string): boolean {
  let start = 0;
  for (const [index, want] of wanted.entries()) {
    if (start > id.length) return false;
    if (want === '**') return start < id.length;
    const slash = id.indexOf('/', start);
    const end = slash === -1 ? id.length : slash;
    const segment = id.slice(start, end);
    if (segment === '' || (want !== '*' && want !== segment)) return false;
    if (index === wanted.length - 1) return end === id.length;
    start = end + 1;
  }
  return false;
}

/** A text with `{path.name}` in it, filled in from the captures of the path. */
export type TextTemplate = (captures: readonly string[]) => string;

const ARGUMENT = /^args\.[A-Za-z_][\w.]{0,62}$/;

/**
 * The template, or what is wrong with it.
 * @param takesArguments `{args.name}` is checked, and stands for nothing in this version
 */
export function parseTextTemplate(
  text: string,
  captures: readonly string[],
  takesArguments = false,
): TextTemplate | string {
  const parts: (string | number)[] = [];
  const pattern = /\{([^{}]*)\}/g;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const reference = match[1]!;
    if (takesArguments && ARGUMENT.test(reference)) {
      parts.push(text.slice(end, match.index));
      end = match.index + match[0].length;
      continue;
    }
    const index = reference.startsWith('path.') ? captures.indexOf(reference.slice(5)) : -1;
    if (index === -1) {
      const names = captures.map((name) => `{path.${name}}`).join(', ');
      return `\`{${reference}}\` names no capture of the path${names && ` (it has ${names})`}`;
    }
    parts.push(text.slice(end, match.index), index);
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  if (parts.some((part) => typeof part === 'string' && /[{}]/.test(part))) {
    return 'a brace does not close';
  }
  return (values) => {
    let filled = '';
    for (const part of parts) filled += typeof part === 'string' ? part : (values[part] ?? '');
    return filled;
  };
}

/** Type and id template of an operation's resource, or what is wrong with them. */
export function parseResourceTemplate(
  text: string,
  captures: readonly string[],
  takesArguments = false,
): { readonly type: string; readonly id: TextTemplate } | string {
  const slash = text.indexOf('/');
  const type = slash === -1 ? text : text.slice(0, slash);
  if (!TYPE.test(type)) return `\`${type}\` is no resource type; the type is always literal`;
  if (slash === -1 || slash === text.length - 1) return `\`${text}\` has no id`;
  const id = parseTextTemplate(text.slice(slash + 1), captures, takesArguments);
  return typeof id === 'string' ? id : { type, id };
}
