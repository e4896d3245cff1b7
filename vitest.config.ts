import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that start OpenTofu, or speak to another engine that `scripts/test.mjs` has started. */
const engines = [
  'adapters/tofu/src/**/*.test.ts',
  '{adapters,packages,apps}/*/src/**/*.engine.test.ts',
  'e2e/stores/*.engine.test.ts',
];
/** Tests that start other programs (git, sshd, a runner, the CLI), force data to disk or simulate: seconds each. */
const processes = [
  'packages/engine/src/{simulation,every-call,serverless-cleanup,invocation-cleanup,lost-parts,shared-containers}.test.ts',
  'packages/engine/src/run/{run-shard,failing-removals}.test.ts',
  'packages/domain/src/pool/plan-pool-simulation.test.ts',
  'packages/fly/src/{syntax/hostile,fmt/fmt,differential/differential,quality/*}.test.ts',
  'packages/kernel/src/masking/hostile.test.ts',
  'packages/wiring/src/{rotation,backup}/**/*.test.ts',
  'adapters/{local/src/local-secrets,local/src/directory-blobs,vault/src/secrets}.test.ts',
  'apps/mothergoose/src/http/{sockets,webhook-route}.test.ts',
  'adapters/{git,sqlite}/src/**/*.test.ts',
  'apps/gosling/src/{cli,commands,runner,ui}/**/*.test.ts',
  'packages/gitlab-sim/src/{main,runner/*,hooks/*}.test.ts',
  '{bench,scripts}/**/*.test.ts',
  'e2e/stores/*.test.ts',
];
const unit = ['{packages,adapters,apps}/*/src/**/*.test.ts', '{tools,scripts,bench}/**/*.test.ts'];
const e2e = ['e2e/**/*.test.ts'];

/** Most tests of these kinds wait for something: with one core less than there is, they would wait in a row. */
const maxWorkers = Math.max(2, Math.min(8, availableParallelism()));

// The timeouts are bounds for a hung test on a busy machine, not measures: a test that waits for something says how
// long by itself. The groups run one after the other.
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
      projectOf('unit', {
        include: unit,
        exclude: [...engines, ...processes],
        timeoutMs: 20_000,
        workers: maxWorkers,
        // They change nothing of their process, so that its modules are read once and not for each file: a third of
        // the time.
        isolate: false,
      }),
      projectOf('processes', {
        include: processes,
        exclude: ['**/*.engine.test.ts'],
        timeoutMs: 60_000,
        workers: maxWorkers,
        order: 1,
      }),
      projectOf('engines', { include: engines, timeoutMs: 60_000, workers: 2, order: 2 }),
      // Each starts a whole installation of its own.
      projectOf('e2e', {
        include: e2e,
        exclude: ['e2e/stores/**'],
        timeoutMs: 180_000,
        workers: 2,
        order: 3,
      }),
    ],
  },
});

interface Kind {
  readonly include: string[];
  readonly exclude?: string[];
  readonly timeoutMs: number;
  readonly workers: number;
  readonly order?: number;
  readonly isolate?: boolean;
}

function projectOf(name: string, kind: Kind) {
  const { include, exclude = [], timeoutMs, workers, order = 0, isolate = true } = kind;
  return {
    extends: true as const,
    test: {
      name,
      include,
      exclude: ['**/node_modules/**', ...exclude],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      // What is polled for comes at once, unless the machine is busy.
      expect: { poll: { timeout: timeoutMs / 2 } },
      maxWorkers: workers,
      isolate,
      sequence: { groupOrder: order },
    },
  };
}
