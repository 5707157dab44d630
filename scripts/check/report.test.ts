import { expect, test } from 'vitest'
import { tableFaults } from './report.ts'

const report = '| claim | measured |\n| --- | --- |\n| [C1](#c1) | 3 |'
const readme = (row: string) => `<!-- decision -->\n| claim | measured |\n| --- | --- |\n${row}\n<!-- /decision -->`

test('accepts rows that the report has, and names one that it has not', () => {
  expect(tableFaults('README.md', readme('| [C1](docs/report/README.md#c1) | 3 |'), report)).toEqual([])
  expect(tableFaults('README.md', readme('| [C1](docs/report/README.md#c1) | 4 |'), report)).toHaveLength(1)
})
