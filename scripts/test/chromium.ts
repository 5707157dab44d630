/** Finds a Chromium for the console's tests, or installs Debian's where that needs no asking. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installFromDebian } from './debian.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** The path of a Chromium or Chrome: `CHROMIUM`, else PATH, else macOS's places, else freshly installed as root on Debian. */
export async function findChromium(): Promise<string | undefined> {
  return process.env.CHROMIUM ?? onPath() ?? elsewhere.find(runnable) ?? installed()
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(runnable)
}

function installed(): string | undefined {
  return installFromDebian('Chromium for the tests of the console', ['chromium', 'fonts-noto-cjk'])
    ? onPath()
    : undefined
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
