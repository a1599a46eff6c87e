// W3C trace context (https://www.w3.org/TR/trace-context/), version 00 of `traceparent`. It is the
// caller's choice: it says what a request belongs to, and proves nothing.

export interface TraceContext {
  /** 32 lower-case hex digits, not all of them 0. */
  readonly traceId: string;
  /** The caller's span: 16 lower-case hex digits, not all of them 0. */
  readonly parentId: string;
  /** Whoever began the trace wants it recorded. */
  readonly sampled: boolean;
}

const TRACEPARENT_LENGTH = 55;
const DASH = 0x2d;
const SAMPLED = 1;

/** Undefined for everything that is not exactly one header of this form (sections 3.2.2, 4.3). */
export function parseTraceparent(value: string): TraceContext | undefined {
  if (value.length !== TRACEPARENT_LENGTH || !value.startsWith('00-')) return undefined;
  // Each request has one, and a regular expression would take as long as all of its rules.
  for (let at = 3; at < TRACEPARENT_LENGTH; at++) {
    const code = value.charCodeAt(at);
    if (at === 35 || at === 52 ? code !== DASH : !isLowerHex(code)) return undefined;
  }
  const traceId = value.slice(3, 35);
  const parentId = value.slice(36, 52);
  if (isZero(traceId) || isZero(parentId)) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(value.slice(53), 16) & SAMPLED) !== 0 };
}

function isLowerHex(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
}

function isZero(hex: string): boolean {
  for (let at = 0; at < hex.length; at++) if (hex.charCodeAt(at) !== 0x30) return false;
  return true;
}
