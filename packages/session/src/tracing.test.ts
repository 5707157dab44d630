import { describe, expect, it } from 'vitest'
import { type OpenTelemetryApi, openTelemetryTracer } from './tracing.ts'

/** An OpenTelemetry API that keeps what it is told. */
function fakeApi(isRecording = true) {
  const spans: { name: string; error?: string; status?: number; ended: boolean }[] = []
  const contexts: unknown[] = []
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
    trace: {
      setSpan: (context) => `${context} with a span`,
      getTracer: () => ({
        startSpan(name) {
          const span: (typeof spans)[number] = { name, ended: false }
          spans.push(span)
          return {
            isRecording: () => isRecording,
            recordException: ({ message }) => {
              span.error = message
            },
            setStatus: ({ code }) => {
              span.status = code
            },
            end: () => {
              span.ended = true
            },
          }
        },
      }),
    },
  }
  return { api, spans, contexts }
}

describe('OpenTelemetry spans', () => {
  it('surround each call to the store and end with it', async () => {
    const { api, spans, contexts } = fakeApi()
    const tracer = openTelemetryTracer(api)
    expect(await tracer?.wrap('load', async () => 'answer')).toBe('answer')
    expect(contexts).toEqual(['context with a span'])
    expect(spans).toEqual([{ name: 'session.load', ended: true }])
  })

  it('record what went wrong', async () => {
    const { api, spans } = fakeApi()
    const failing = openTelemetryTracer(api)?.wrap('commit', () => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
    expect(spans).toEqual([{ name: 'session.commit', error: 'broken', status: 2, ended: true }])
  })

  it('are made by the real API when it is installed', async () => {
    const tracer = openTelemetryTracer()
    expect(await tracer?.wrap('load', async () => 'answer')).toBe('answer')
  })
})
