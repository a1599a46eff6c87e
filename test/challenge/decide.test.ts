// C-050: what `remit decide` prints is what the response says.

import assert from 'node:assert/strict';
import { useFolder } from '../support/folder.ts';
import { callJson, ENFORCER, IDENTITIES, SERVICE, writeBundle } from '../support/mesh.ts';
import { runRemit } from '../support/process.ts';
import { secret } from '../support/secret.ts';
import { issuer, KEY_FILES } from './fixture.ts';

interface Decided {
  readonly http: number;
  readonly grpc: number;
  readonly reasons: readonly string[];
  readonly response: {
    readonly deniedResponse: {
      readonly status: { readonly code: string };
      readonly headers: readonly { readonly header: { readonly key: string; value: string } }[];
      readonly body?: string;
    };
  };
}

describe('remit decide', () => {
  const folder = useFolder();

  it('prints the status of the challenge that the response has', async () => {
    writeBundle(folder.at('policies'), {
      'service.yaml': SERVICE,
      'identities.yaml': IDENTITIES,
      'enforcer.yaml': ENFORCER,
      'issuer.yaml': JSON.stringify(issuer()),
      'keys.json': KEY_FILES.get('keys.json')!,
    });
    folder.write('remit.yaml', 'policies: ./policies\n');
    const opaque = { authorization: `Bearer ${secret('opaque')}` };
    const stdin = [
      callJson({ from: '', headers: opaque }),
      callJson({ from: '', headers: { ...opaque, 'content-type': 'application/grpc' } }),
      callJson(),
    ]
      .map((call) => `${JSON.stringify(call)}\n`)
      .join('');
    const { stdout, code } = await runRemit(['decide', '--config', 'remit.yaml'], {
      ...{ cwd: folder.path, stdin },
    });
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split('\n');
    const [http, grpc, other] = lines.map((line) => JSON.parse(line) as Decided);
    for (const { reasons, response, ...decided } of [http!, grpc!]) {
      assert.deepEqual(reasons, ['authn.untrusted_issuer']);
      assert.deepEqual([decided.http, decided.grpc], [401, 16]);
      const { status, headers } = response.deniedResponse;
      assert.equal(status.code, 'Unauthorized');
      const challenge = headers.find(({ header }) => header.key === 'www-authenticate');
      assert.equal(challenge?.header.value, 'Bearer error="invalid_token"');
    }
    assert.equal(JSON.parse(http!.response.deniedResponse.body!).status, 401);
    assert.equal(grpc!.response.deniedResponse.body, undefined);
    assert.deepEqual([other!.http, other!.grpc], [403, 7]);
  });
});
