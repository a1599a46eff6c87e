// What a rule may read of a request that a Test describes: the same readers as for Envoy's, over
// what the Test writes down.

import type { RequestAttributes } from '../../engine/access_request.ts';
import { type Body, BodyProblem } from '../../engine/body/body.ts';
import { parseQuery } from '../../engine/body/query.ts';
import { readBody } from '../../engine/body/read_body.ts';
import type { TestRequest } from '../../engine/bundle/test_kind.ts';

const NO_BYTES = new Uint8Array();

/** By name in lower case. */
export function headersOf(request: TestRequest): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers.set(name.toLowerCase(), value);
  }
  if (!headers.has('content-type')) {
    if (request.grpc !== undefined) headers.set('content-type', 'application/grpc');
    else if (isJson(request)) headers.set('content-type', 'application/json');
  }
  return headers;
}

/** Text is sent as it is; anything else as JSON, and said to be. */
function isJson({ body }: TestRequest): boolean {
  return body !== undefined && typeof body !== 'string';
}

export class RehearsedAttributes implements RequestAttributes {
  readonly method: string;
  readonly path: string;
  readonly #request: TestRequest;
  readonly #rawPath: string;
  readonly #headers: ReadonlyMap<string, string>;

  constructor(request: TestRequest, method: string, rawPath: string, path: string) {
    this.method = method;
    this.path = path;
    this.#request = request;
    this.#rawPath = rawPath;
    this.#headers = headersOf(request);
  }

  get host(): string {
    return this.#headers.get('host') ?? '';
  }

  get sourceAddress(): string {
    return this.#request.sourceIp ?? '';
  }

  headers(): ReadonlyMap<string, string> {
    return this.#headers;
  }

  query(): ReadonlyMap<string, readonly string[]> | undefined {
    const query = parseQuery(this.#rawPath);
    return query instanceof BodyProblem ? undefined : query;
  }

  body(): Body | BodyProblem {
    const header = (name: string) => this.#headers.get(name) ?? '';
    return readBody({
      bytes: bytesOf(this.#request),
      contentType: header('content-type'),
      contentEncoding: header('content-encoding'),
      contentLength: header('content-length'),
      partial: header('x-envoy-auth-partial-body'),
    });
  }
}

function bytesOf({ body }: TestRequest): Uint8Array {
  if (body === undefined) return NO_BYTES;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
