import type { UiDiagnostic, UiLine } from './json-lines.ts';

/** What the lines of one command tell about what it did. */
export interface RunFacts {
  readonly errors: readonly UiDiagnostic[];
  /** Addresses that were made (and started), and that were removed. */
  readonly applied: readonly string[];
  readonly removed: readonly string[];
  /** Addresses that are in the state though their start command failed. */
  readonly notStarted: readonly string[];
  /** Last words of the commands that OpenTofu ran. */
  readonly said: readonly string[];
}

const keptWords = 20;

/** Collects facts line by line. */
export function createFactCollector(): { add(line: UiLine): void; facts(): RunFacts } {
  const errors: UiDiagnostic[] = [];
  const applied = new Set<string>();
  const removed = new Set<string>();
  const notStarted = new Set<string>();
  const said: string[] = [];
  return {
    add(line) {
      if (line.diagnostic?.severity === 'error') errors.push(line.diagnostic);
      const address = line.hook?.resource?.addr;
      if (address === undefined) return;
      if (line.type === 'provision_errored') notStarted.add(address);
      if (line.type === 'apply_complete') {
        const done = line.hook?.action === 'delete' ? removed : applied;
        done.add(address);
      }
      if (line.type === 'provision_progress')
        said.splice(0, said.length, ...said.slice(1 - keptWords), line['@message']);
    },
    facts: () => ({
      errors,
      applied: [...applied].filter((address) => !notStarted.has(address)),
      removed: [...removed],
      notStarted: [...notStarted].filter((address) => applied.has(address)),
      said,
    }),
  };
}
