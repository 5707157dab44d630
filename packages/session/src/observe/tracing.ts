import { createRequire } from 'node:module'
import type { StoreOperation } from './events.ts'

/** Makes a span around each call to the store. */
export interface Tracer {
  wrap<T>(operation: StoreOperation, call: () => T | Promise<T>): T | Promise<T>
}

/** The few parts of `@opentelemetry/api` that are used, so that nobody has to install it. */
export interface OpenTelemetryApi {
  readonly context: { active(): unknown; with<R>(context: unknown, run: () => R): R }
  readonly trace: {
    getTracerProvider(): {
      getTracer(name: string): OpenTelemetryTracer
      getDelegateTracer?(name: string): OpenTelemetryTracer | undefined
    }
    setSpan(context: unknown, span: OpenTelemetrySpan): unknown
  }
  readonly SpanKind: { readonly CLIENT: number }
  readonly SpanStatusCode: { readonly ERROR: number }
}

interface OpenTelemetryTracer {
  startSpan(name: string, options: { kind: number }): OpenTelemetrySpan
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
  let tracer: OpenTelemetryTracer | undefined
  return {
    wrap(operation, call) {
      // Asked until an SDK is there, which may be after this: the API alone, which many packages bring, costs nothing.
      tracer ??= realTracer(api)
      if (!tracer) return call()
      const span = tracer.startSpan(`session.${operation}`, { kind: api.SpanKind.CLIENT })
      // Left out by sampling: it costs nothing more then.
      if (!span.isRecording()) return call()
      return recorded(api, span, call)
    },
  }
}

/** The registered SDK's tracer; `undefined` while the API's own provider has none to pass on to. */
function realTracer({ trace }: OpenTelemetryApi): OpenTelemetryTracer | undefined {
  const provider = trace.getTracerProvider()
  const name = '@session-cluster/session'
  return provider.getDelegateTracer ? provider.getDelegateTracer(name) : provider.getTracer(name)
}

async function recorded<T>(api: OpenTelemetryApi, span: OpenTelemetrySpan, call: () => T | Promise<T>): Promise<T> {
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
