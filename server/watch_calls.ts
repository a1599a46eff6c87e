// Calls of other methods than Check, health and reflection, under the same limits: their messages
// may be as large, and anybody may send them.

import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { UnfinishedCalls, WaitsFor, WatchedCall } from './unfinished_calls.ts';

/** For the calls of all methods but one, which watches its own. */
export function watchCalls(except: string, unfinished: UnfinishedCalls): ServerInterceptor {
  return (method, call) => {
    // The types ask for the class where grpc-js calls nothing but the interface.
    if (method.path === except) return call as ServerInterceptingCall;
    const watched = new OtherCall(call, method.requestStream || method.responseStream);
    return new ServerInterceptingCall(call, {
      start(next) {
        unfinished.begin(watched);
        next({
          onCancel() {
            watched.waitsFor = 'nobody';
            unfinished.end(watched);
          },
        });
      },
    });
  };
}

/** They are answered at once, so it is the client that they wait for. */
class OtherCall implements WatchedCall {
  readonly call: ServerInterceptingCallInterface;
  readonly mayStay: boolean;
  waitsFor: WaitsFor = 'client';

  constructor(call: ServerInterceptingCallInterface, mayStay: boolean) {
    this.call = call;
    this.mayStay = mayStay;
  }
}
