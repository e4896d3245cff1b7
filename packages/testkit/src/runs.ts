/**
 * How often a property is tried: `least` in `npm test`, POLAR_RUNS where that is more (`npm run nightly`).
 * A property that names no number gets 100 the same way (tools/vitest/setup.ts).
 */
export function runs(least: number): number {
  // biome-ignore lint/style/noProcessEnv: POLAR_* names are for tests only
  return Math.max(least, Number(process.env['POLAR_RUNS']) || 0);
}
