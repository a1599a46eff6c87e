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

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const TRACEPARENT_LENGTH = 55;
const SAMPLED = 1;

/** Undefined for everything that is not exactly one header of this form (sections 3.2.2, 4.3). */
export function parseTraceparent(value: string): TraceContext | undefined {
  if (value.length !== TRACEPARENT_LENGTH) return undefined;
  const [, traceId = '', parentId = '', flags = ''] = TRACEPARENT.exec(value) ?? [];
  if (!/[1-9a-f]/.test(traceId) || !/[1-9a-f]/.test(parentId)) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}
