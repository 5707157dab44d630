import { createRequire } from 'node:module'
import type { StoreOperation } from './events.ts'

/** Makes a span around each call to the store. */
export interface Tracer {
  wrap<T>(operation: StoreOperation, call: () => Promise<T>): Promise<T>
}

/** The few parts of `@opentelemetry/api` that are used, so that nobody has to install it. */
export interface OpenTelemetryApi {
  readonly trace: { getTracer(name: string): OpenTelemetryTracer }
  readonly SpanKind: { readonly CLIENT: number }
  readonly SpanStatusCode: { readonly ERROR: number }
}

interface OpenTelemetryTracer {
  startActiveSpan<R>(name: string, options: { kind: number }, run: (span: OpenTelemetrySpan) => R): R
}

interface OpenTelemetrySpan {
  recordException(error: Error): void
  setStatus(status: { code: number }): unknown
  end(): void
}

/** Spans named `session.<operation>` by OpenTelemetry; `undefined` when its API cannot be loaded. */
export function openTelemetryTracer(api: OpenTelemetryApi | undefined = loadApi()): Tracer | undefined {
  if (!api) return undefined
  const tracer = api.trace.getTracer('@session-cluster/session')
  return {
    wrap: (operation, call) =>
      tracer.startActiveSpan(`session.${operation}`, { kind: api.SpanKind.CLIENT }, async (span) => {
        try {
          return await call()
        } catch (error) {
          if (error instanceof Error) span.recordException(error)
          span.setStatus({ code: api.SpanStatusCode.ERROR })
          throw error
        } finally {
          span.end()
        }
      }),
  }
}

function loadApi(): OpenTelemetryApi | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as OpenTelemetryApi
  } catch {
    return undefined
  }
}
