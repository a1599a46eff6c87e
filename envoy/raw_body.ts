// The body of a request and the headers that say what it is, for the engine to read.

import type { RawBody } from '../engine/body/body.ts';
import type { CheckRequestView } from './check_request.ts';

/** @param view decoded with `body` among what is read */
export function rawBodyOf({ body, headers }: CheckRequestView): RawBody {
  const { selected } = headers;
  return {
    bytes: body,
    // All that came, where `headers.contentType` is one of them: two say nothing.
    contentType: selected.get('content-type') ?? '',
    contentEncoding: selected.get('content-encoding') ?? '',
    contentLength: selected.get('content-length') ?? '',
    partial: selected.get('x-envoy-auth-partial-body') ?? '',
  };
}
