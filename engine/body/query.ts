// The query of a request target (RFC 9112 section 3.2), read as a form. Envoy leaves
// `HttpRequest.query` empty and keeps the query in the path.

import { BODY_KEYS_MAX, QUERY_LENGTH_MAX } from '../limits.ts';
import { BODY_PROBLEMS, type BodyProblem } from './body.ts';
import { type Form, parseForm } from './form.ts';

const NO_QUERY: Form = new Map();

/** @param rawPath the path as it came, with its query */
export function parseQuery(rawPath: string): Form | BodyProblem {
  const fragment = rawPath.indexOf('#');
  const end = fragment < 0 ? rawPath.length : fragment;
  const mark = rawPath.indexOf('?');
  if (mark < 0 || mark >= end) return NO_QUERY;
  if (end - mark > QUERY_LENGTH_MAX) return BODY_PROBLEMS.too_large;
  const query = rawPath.slice(mark + 1, end);
  // U+FFFD is what a proxy leaves where the bytes were not UTF-8.
  if (query.includes('\ufffd')) return BODY_PROBLEMS.utf8;
  return parseForm(query, BODY_KEYS_MAX);
}
