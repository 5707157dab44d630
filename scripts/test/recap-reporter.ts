/** The Vitest reporter that tells the recap what failed, what could not be run, and how long each file took. */
import { relative } from 'node:path'
import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'
import { root } from '../workspace.ts'
import { tell } from './recap.ts'

export default class RecapReporter implements Reporter {
  readonly #started = new Map<string, number>()

  onTestModuleQueued(module: TestModule): void {
    this.#started.set(module.moduleId, performance.now())
  }

  onTestModuleEnd(module: TestModule): void {
    const file = relative(root, module.moduleId)
    const ms = performance.now() - (this.#started.get(module.moduleId) ?? performance.now())
    const tests = [...module.children.allTests()]
    tell({ file, tests: tests.filter((test) => test.result().state !== 'skipped').length, ms })
    for (const test of tests) {
      const result = test.result()
      if (result.state === 'skipped' && result.note) tell({ test: `${file} > ${test.fullName}`, lacks: result.note })
    }
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const module of modules) {
      const file = relative(root, module.moduleId)
      tellAll(file, module.errors())
      for (const suite of module.children.allSuites()) tellAll(`${file} > ${suite.fullName}`, suite.errors())
      for (const test of module.children.allTests('failed')) {
        tellAll(`${file} > ${test.fullName}`, test.result().errors ?? [])
      }
    }
    tellAll('outside of a test', unhandled)
  }
}

function tellAll(what: string, errors: readonly { message: string }[]): void {
  if (errors.length > 0) tell({ what, why: errors.map(({ message }) => message).join('\n') })
}
