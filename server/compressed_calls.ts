// Compressed messages, a few at a time: 15 KB of gzip become 15 MB, and hundreds of streams at once
// would ask for more memory than there is. Envoy never compresses a check, so nobody waits for it.

import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';

/** Each may grow to the transport's limit of 16 MiB. */
const AT_ONCE_MAX = 2;
const WAITING_MAX = 256;

const REFUSED = {
  code: status.RESOURCE_EXHAUSTED,
  details: 'too many compressed messages',
  metadata: null,
};

/** One for each server: an uncompressed call passes it untouched. */
export function limitCompressedCalls(): ServerInterceptor {
  const waiting: (() => void)[] = [];
  let running = 0;
  const begin = (): void => {
    const next = running < AT_ONCE_MAX ? waiting.shift() : undefined;
    if (next === undefined) return;
    running++;
    next();
  };
  return (_method, call) => {
    const { incomingEncoding } = call as { readonly incomingEncoding?: unknown };
    // grpc-js takes the header away and keeps it in a field that its types do not name; and they
    // ask for a class where it takes any call.
    if (incomingEncoding === 'identity') return call as ServerInterceptingCall;
    let state: 'waiting' | 'running' | 'done' = 'waiting';
    const end = (): void => {
      if (state === 'running') running--;
      state = 'done';
      begin();
    };
    return new ServerInterceptingCall(call, {
      // Nothing is read, and so nothing inflated, before the call is started.
      start(next) {
        if (waiting.length === WAITING_MAX) {
          call.sendStatus(REFUSED);
          return;
        }
        waiting.push(() => {
          if (state === 'done') {
            running--;
            begin();
            return;
          }
          state = 'running';
          // A stream that ends, however it ends, is told as cancelled.
          next({ onCancel: end });
        });
        begin();
      },
    });
  };
}
