/** How much work a run is: `quick` for ten minutes on two cores, `full` for as long as it takes. */
export const presets = ['quick', 'full'] as const
export type Preset = (typeof presets)[number]

/** What a preset sets unless the command line says otherwise. */
export const presetDefaults = {
  quick: { repeats: 5, durationMs: 2000, patienceMs: 60_000, limitMs: 300_000 },
  full: { repeats: 15, durationMs: 10_000, patienceMs: 600_000, limitMs: 3_600_000 },
} as const satisfies Record<Preset, { repeats: number; durationMs: number; patienceMs: number; limitMs: number }>
