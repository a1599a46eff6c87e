// A decoded CheckRequest as a policy reads it: computed when a rule asks, and only then.

import type { RequestAttributes } from '../engine/access_request.ts';
import { type Body, BodyProblem } from '../engine/body/body.ts';
import { parseQuery } from '../engine/body/query.ts';
import { readBody } from '../engine/body/read_body.ts';
import type { CheckRequestView } from './check_request.ts';
import { rawBodyOf } from './raw_body.ts';

export class ViewAttributes implements RequestAttributes {
  /** Canonical, without its query; empty for a connection. */
  readonly path: string;
  readonly #view: CheckRequestView;

  constructor(view: CheckRequestView, path: string) {
    this.#view = view;
    this.path = path;
  }

  get method(): string {
    return this.#view.method;
  }

  get host(): string {
    return this.#view.host;
  }

  get sourceAddress(): string {
    return this.#view.sourceAddress;
  }

  headers(): ReadonlyMap<string, string> {
    return this.#view.headers.selected;
  }

  query(): ReadonlyMap<string, readonly string[]> | undefined {
    const query = parseQuery(this.#view.path);
    return query instanceof BodyProblem ? undefined : query;
  }

  body(): Body | BodyProblem {
    return readBody(rawBodyOf(this.#view));
  }
}
