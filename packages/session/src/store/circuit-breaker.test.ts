import { describe, expect, it } from 'vitest'
import { Breaker, checkBreakerOptions } from './circuit-breaker.ts'

const fail = (breaker: Breaker, times: number, now = 0): void => {
  for (let i = 0; i < times; i++) {
    breaker.admits(now)
    breaker.failed(now)
  }
}

describe('the circuit breaker', () => {
  it('opens after so many failures in a row, and a success in between starts the count anew', () => {
    const breaker = new Breaker({ failures: 3, coolDownMs: 100 })
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    expect(breaker.isOpen).toBe(false)
    fail(breaker, 1)
    expect(breaker.isOpen).toBe(true)
    expect(breaker.admits(99)).toBe(false)
    expect(breaker.retryAfterMs(40)).toBe(60)
  })

  it('lets one call try after the cool-down, and no second one beside it', () => {
    const breaker = new Breaker({ failures: 1, coolDownMs: 100 })
    fail(breaker, 1)
    expect(breaker.admits(100)).toBe(true)
    expect(breaker.admits(100)).toBe(false)
    breaker.failed(100)
    expect(breaker.admits(150)).toBe(false)
    expect(breaker.admits(200)).toBe(true)
    breaker.succeeded()
    expect(breaker.isOpen).toBe(false)
    expect(breaker.admits(200)).toBe(true)
  })

  it('never opens with failures: 0', () => {
    const breaker = new Breaker({ failures: 0, coolDownMs: 100 })
    fail(breaker, 1000)
    expect(breaker.admits(0)).toBe(true)
  })

  it('refuses bad options by name', () => {
    expect(() => checkBreakerOptions({ failures: -1 })).toThrow('breaker.failures is -1')
    expect(() => checkBreakerOptions({ coolDownMs: 0.5 })).toThrow('breaker.coolDownMs is 0.5')
  })
})
