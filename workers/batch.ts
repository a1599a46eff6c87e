// Batches that cross threads: undecoded requests one way, answers with their records the other,
// each packed into one buffer of exact size that is transferred, not copied. One message for many
// requests: a message a request cost three times as much (DESIGN section 4).

import type { Asker } from '../engine/identity/enforcer.ts';

const WORD = Uint32Array.BYTES_PER_ELEMENT;

export interface RequestBatch {
  readonly asker: Asker;
  /** `[count, length…]` as 32-bit words, then the requests one after another. */
  readonly buffer: ArrayBuffer;
}

export function packRequests(requests: readonly Buffer[]): ArrayBuffer {
  const head = (1 + requests.length) * WORD;
  const bytes = requests.reduce((sum, request) => sum + request.length, 0);
  const buffer = new ArrayBuffer(head + bytes);
  const words = new Uint32Array(buffer, 0, 1 + requests.length);
  const body = new Uint8Array(buffer, head);
  words[0] = requests.length;
  let at = 0;
  for (const [index, request] of requests.entries()) {
    words[1 + index] = request.length;
    body.set(request, at);
    at += request.length;
  }
  return buffer;
}

export function unpackRequests(buffer: ArrayBuffer): Buffer[] {
  const count = new Uint32Array(buffer, 0, 1)[0]!;
  const lengths = new Uint32Array(buffer, WORD, count);
  let at = (1 + count) * WORD;
  return Array.from(lengths, (length) => {
    const request = Buffer.from(buffer, at, length);
    at += length;
    return request;
  });
}

/** One answer as it crosses threads; the codes are those of checker.ts. */
export interface PackedAnswer {
  readonly response: Uint8Array;
  readonly evidence: Uint8Array;
  readonly decision: Uint8Array;
  readonly durationUs: number;
  readonly outcomeCode: number;
  readonly evidenceCode: number;
}

const WORDS_AN_ANSWER = 6;

/** Grouped by kind, so that the lines of a whole batch are one piece each. */
export function packAnswers(answers: readonly PackedAnswer[]): ArrayBuffer {
  const head = (1 + answers.length * WORDS_AN_ANSWER) * WORD;
  const bytes = answers.reduce(
    (sum, { response, evidence, decision }) =>
      sum + response.length + evidence.length + decision.length,
    0,
  );
  const buffer = new ArrayBuffer(head + bytes);
  const words = new Uint32Array(buffer, 0, head / WORD);
  const body = new Uint8Array(buffer, head);
  words[0] = answers.length;
  for (const [index, answer] of answers.entries()) {
    const { response, evidence, decision, durationUs, outcomeCode, evidenceCode } = answer;
    const row = [response.length, evidence.length, decision.length];
    words.set([...row, durationUs, outcomeCode, evidenceCode], 1 + index * WORDS_AN_ANSWER);
  }
  let at = 0;
  for (const kind of ['response', 'evidence', 'decision'] as const) {
    for (const answer of answers) {
      body.set(answer[kind], at);
      at += answer[kind].length;
    }
  }
  return buffer;
}

export interface UnpackedAnswers {
  readonly answers: readonly PackedAnswer[];
  /** The lines of all answers together. */
  readonly evidence: Uint8Array;
  readonly decisions: Uint8Array;
}

export function unpackAnswers(buffer: ArrayBuffer): UnpackedAnswers {
  const count = new Uint32Array(buffer, 0, 1)[0]!;
  const words = new Uint32Array(buffer, WORD, count * WORDS_AN_ANSWER);
  const sum = (column: number): number => {
    let total = 0;
    for (let row = 0; row < count; row++) total += words[row * WORDS_AN_ANSWER + column]!;
    return total;
  };
  const responses = (1 + count * WORDS_AN_ANSWER) * WORD;
  const evidences = responses + sum(0);
  const decisions = evidences + sum(1);
  const starts = [responses, evidences, decisions];
  const answers = Array.from({ length: count }, (_, row): PackedAnswer => {
    const word = (column: number): number => words[row * WORDS_AN_ANSWER + column]!;
    const piece = (column: number): Uint8Array => {
      const start = starts[column]!;
      starts[column] = start + word(column);
      return new Uint8Array(buffer, start, word(column));
    };
    return {
      response: piece(0),
      evidence: piece(1),
      decision: piece(2),
      durationUs: word(3),
      outcomeCode: word(4),
      evidenceCode: word(5),
    };
  });
  return {
    answers,
    evidence: new Uint8Array(buffer, evidences, decisions - evidences),
    decisions: new Uint8Array(buffer, decisions),
  };
}
