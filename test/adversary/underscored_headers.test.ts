// CGI, WSGI and Rack turn `-` and `_` alike into `_`: `x_remit_principal` is `x-remit-principal` to
// such an upstream, and Envoy lets it pass by default (headers_with_underscores_action: ALLOW).

import assert from 'node:assert/strict';
import { checkResponseToJson } from '../../proto/protojson.ts';
import { Evaluator } from '../../workers/evaluator.ts';
import { encodeCall, makeSnapshot } from '../support/mesh.ts';

describe('an allow', () => {
  it('removes identity and override headers written with underscores', async () => {
    const evaluator = new Evaluator(makeSnapshot(), {
      now: () => 0,
      onInternalError: (error) => assert.fail(String(error)),
    });
    const names = [
      ...['x_remit_principal', 'x-remit_principal', 'x_http_method_override'],
      ...['x_remit_identity', 'x-remit_identity', 'x_remit_whatever_is_configured'],
    ];
    const headers = Object.fromEntries(
      [...names, 'x_other', 'x_request_id', 'x_remi'].map((name) => [name, 'a']),
    );
    const { response } = await evaluator.evaluate(encodeCall({ headers }), { kind: 'local' });
    const { okResponse } = checkResponseToJson(response) as {
      okResponse: { headersToRemove: string[] };
    };
    for (const name of names) assert.ok(okResponse.headersToRemove.includes(name), name);
    for (const name of ['x_other', 'x_request_id', 'x_remi']) {
      assert.ok(!okResponse.headersToRemove.includes(name), name);
    }
  });
});
