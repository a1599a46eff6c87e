// multipart/form-data at random: nothing makes the reader throw, and what it reads is what FormData
// wrote and what the parser of Node reads (C-113).

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BodyProblem, DEFAULT_BODY_LIMITS } from '../../engine/body/body.ts';
import { parseMultipart } from '../../engine/body/multipart.ts';

/** One part with these lines before its content. */
const part = (content: string, ...lines: string[]) =>
  `--x\r\n${lines.join('\r\n')}\r\n\r\n${content}\r\n`;
const field = (name: string, content: string) =>
  part(content, `Content-Disposition: form-data; name="${name}"`);
const NAMED = 'Content-Disposition: form-data; name="a"';
const END = '--x--\r\n';
const JSON_TYPE = 'Content-Type: application/json';

describe('a multipart form at random', () => {
  it('never throws, whatever is changed in it', () => {
    const whole = Buffer.from(
      field('a', '1') +
        part('{"b":[1]}', NAMED, JSON_TYPE) +
        part('\0', `${NAMED}; filename="c"`) +
        END,
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3), (at, byte, cut) => {
        const bytes = Buffer.concat([
          whole.subarray(0, at),
          Buffer.from([byte]),
          whole.subarray(at + cut),
        ]);
        parseMultipart(bytes, 'x', DEFAULT_BODY_LIMITS);
      }),
      { numRuns: 5000 },
    );
  });

  it('is never read otherwise than by the parser of Node', async () => {
    const whole = Buffer.from(field('a', '1') + field('bc', '\r\n--\r\n') + field('a', '') + END);
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const bytes = fc.constantFrom(...Buffer.from('\r\n-x:";= ab'));
    let agreed = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), bytes, fc.nat(2), async (at, byte, cut) => {
        const [before, after] = [whole.subarray(0, at), whole.subarray(at + cut)];
        const changed = Buffer.concat([before, Buffer.from([byte]), after]);
        const fields = parseMultipart(changed, 'x', DEFAULT_BODY_LIMITS);
        if (fields instanceof BodyProblem) return;
        if ([...fields.values()].flat().some((value) => typeof value !== 'string')) return;
        const want = new Map<string, unknown[]>();
        // What it refuses it does not read otherwise.
        const form = await new Response(changed, { headers }).formData().catch(() => undefined);
        if (form === undefined) return;
        agreed++;
        for (const [name, value] of form) {
          want.set(name, [...(want.get(name) ?? []), value]);
        }
        assert.deepEqual(fields, want);
      }),
      { numRuns: 3000 },
    );
    assert.ok(agreed > 200, `${agreed}`);
  });

  it('is what FormData writes', async () => {
    const fields = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,5}$/), fc.string()), {
      maxLength: 10,
    });
    await fc.assert(
      fc.asyncProperty(fields, async (entries) => {
        const form = new FormData();
        // It ends lines as HTML says.
        const plain = entries.map(([name, value]) => [name, value.replace(/[\r\n]/g, '')] as const);
        for (const [name, value] of plain) form.append(name, value);
        const response = new Response(form);
        const boundary = /boundary=(.*)$/.exec(response.headers.get('content-type') ?? '')?.[1];
        const bytes = new Uint8Array(await response.arrayBuffer());
        const want = new Map<string, string[]>();
        for (const [name, value] of plain) want.set(name, [...(want.get(name) ?? []), value]);
        assert.deepEqual(parseMultipart(bytes, boundary, DEFAULT_BODY_LIMITS), want);
      }),
      { numRuns: 50 },
    );
  });
});
