import { createRequire } from 'node:module'
import { type TracerProvider, trace } from '@opentelemetry/api'
import { describe, expect, it, vi } from 'vitest'
import { type OpenTelemetryApi, openTelemetryTracer } from './tracing.ts'

/** An OpenTelemetry SDK, and the API that it is registered with, that keep what they are told. */
function fakeSdk(isRecording = true) {
  const spans: { name: string; error?: string; status?: number; ended: boolean }[] = []
  const contexts: unknown[] = []
  const startSpan = (name: string) => {
    const span: (typeof spans)[number] = { name, ended: false }
    spans.push(span)
    return {
      isRecording: () => isRecording,
      recordException: ({ message }: Error) => {
        span.error = message
      },
      setStatus: ({ code }: { code: number }) => {
        span.status = code
      },
      end: () => {
        span.ended = true
      },
    }
  }
  const provider = { getTracer: () => ({ startSpan }) }
  const api: OpenTelemetryApi = {
    SpanKind: { CLIENT: 2 },
    SpanStatusCode: { ERROR: 2 },
    context: {
      active: () => 'context',
      with: (context, run) => {
        contexts.push(context)
        return run()
      },
    },
    trace: { setSpan: (context) => `${context} with a span`, getTracerProvider: () => provider },
  }
  return { api, provider, spans, contexts }
}

describe('OpenTelemetry spans', () => {
  it('surround each call to the store and end with it', async () => {
    const { api, spans, contexts } = fakeSdk()
    const tracer = openTelemetryTracer(api)
    expect(await tracer?.wrap('load', async () => 'answer')).toBe('answer')
    expect(contexts).toEqual(['context with a span'])
    expect(spans).toEqual([{ name: 'session.load', ended: true }])
  })

  it('record what went wrong', async () => {
    const { api, spans } = fakeSdk()
    const failing = openTelemetryTracer(api)?.wrap('commit', () => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
    expect(spans).toEqual([{ name: 'session.commit', error: 'broken', status: 2, ended: true }])
  })

  it('are left out when sampling leaves them out', async () => {
    const { api, contexts } = fakeSdk(false)
    expect(await openTelemetryTracer(api)?.wrap('load', async () => 'answer')).toBe('answer')
    expect(contexts).toEqual([])
  })

  it('are made by the real API from when an SDK is registered, and not even asked for before', async () => {
    const { provider, spans } = fakeSdk()
    const tracer = openTelemetryTracer()
    const call = async () => 'answer'
    // The copy of the API that the tracer loads: `require`'s.
    const { ProxyTracer } = createRequire(import.meta.url)('@opentelemetry/api') as typeof import('@opentelemetry/api')
    const asked = vi.spyOn(ProxyTracer.prototype, 'startSpan')
    expect(await tracer?.wrap('load', call)).toBe('answer')
    expect(asked).not.toHaveBeenCalled()
    asked.mockRestore()
    trace.setGlobalTracerProvider(provider as unknown as TracerProvider)
    try {
      expect(await tracer?.wrap('commit', call)).toBe('answer')
      expect(spans).toMatchObject([{ name: 'session.commit' }])
    } finally {
      trace.disable()
    }
  })
})
