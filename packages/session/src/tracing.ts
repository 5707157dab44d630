import { createRequire } from 'node:module'
import type { StoreOperation } from './events.ts'

/** Makes a span around each call to the store. */
export interface Tracer {
  wrap<T>(operation: StoreOperation, call: () => Promise<T>): Promise<T>
}

/** The few parts of `@opentelemetry/api` that are used, so that nobody has to install it. */
export interface OpenTelemetryApi {
  readonly context: { active(): unknown; with<R>(context: unknown, run: () => R): R }
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: { kind: number }): OpenTelemetrySpan }
    setSpan(context: unknown, span: OpenTelemetrySpan): unknown
  }
  readonly SpanKind: { readonly CLIENT: number }
  readonly SpanStatusCode: { readonly ERROR: number }
}

interface OpenTelemetrySpan {
  isRecording(): boolean
  recordException(error: Error): void
  setStatus(status: { code: number }): unknown
  end(): void
}

/** Spans named `session.<operation>` by OpenTelemetry; `undefined` when its API cannot be loaded. */
export function openTelemetryTracer(api: OpenTelemetryApi | undefined = loadApi()): Tracer | undefined {
  if (!api) return undefined
  const tracer = api.trace.getTracer('@session-cluster/session')
  return {
    wrap(operation, call) {
      const span = tracer.startSpan(`session.${operation}`, { kind: api.SpanKind.CLIENT })
      // The API alone, without an SDK behind it, records nothing: then it shall cost nothing either.
      if (!span.isRecording()) return call()
      return recorded(api, span, call)
    },
  }
}

async function recorded<T>(api: OpenTelemetryApi, span: OpenTelemetrySpan, call: () => Promise<T>): Promise<T> {
  try {
    return await api.context.with(api.trace.setSpan(api.context.active(), span), call)
  } catch (error) {
    if (error instanceof Error) span.recordException(error)
    span.setStatus({ code: api.SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

function loadApi(): OpenTelemetryApi | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as OpenTelemetryApi
  } catch {
    return undefined
  }
}
