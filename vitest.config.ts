import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{packages,adapters,apps}/*/src/**/*.test.ts',
      'tools/**/*.test.ts',
      'scripts/**/*.test.ts',
      'e2e/**/*.test.ts',
    ],
    passWithNoTests: false,
    restoreMocks: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    coverage: {
      provider: 'v8',
      include: ['{packages,adapters,apps}/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/contract.ts'],
      reporter: ['text-summary', 'lcov'],
    },
  },
});
