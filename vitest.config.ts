import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const unit = ['{packages,adapters,apps}/*/src/**/*.test.ts', '{tools,scripts}/**/*.test.ts'];
/** Tests that start OpenTofu: slow, and the only unit tests that want it. */
const engines = ['adapters/tofu/src/**/*.test.ts'];
const e2e = ['e2e/**/*.test.ts'];

// The timeouts are bounds for a hung test on a busy machine, not measures: a test that waits for something says how
// long by itself.
export default defineConfig({
  test: {
    passWithNoTests: false,
    restoreMocks: true,
    setupFiles: ['tools/vitest/setup.ts'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    coverage: {
      provider: 'v8',
      include: ['{packages,adapters,apps}/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/contract.ts'],
      reporter: ['text-summary', 'lcov'],
    },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: unit, exclude: engines, testTimeout: 20_000, hookTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'engines',
          include: engines,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: Math.min(2, availableParallelism()),
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Each starts a whole installation of its own.
        extends: true,
        test: {
          name: 'e2e',
          include: e2e,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: Math.min(2, availableParallelism()),
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
