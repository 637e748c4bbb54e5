/**
 * Between spans and the W3C `traceparent` header. The only file that uses Effect's trace-header module, which is tagged
 * unstable.
 */
import * as Headers from "effect/http/Headers"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"

/** The header's value for a span, or undefined when the span is not sampled: nothing is sent then. */
export const traceparentOf = (span: Tracer.Span): string | undefined =>
  span.sampled && /^[0-9a-f]+$/.test(span.traceId) ? HttpTraceContext.toHeaders(span)["traceparent"] : undefined

/** The parent span that a header names, when it is a valid one of version 00. */
export const parentOf = (traceparent: string): Tracer.ExternalSpan | undefined =>
  Option.getOrUndefined(HttpTraceContext.w3c(Headers.fromInput({ traceparent })))
