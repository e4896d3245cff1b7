import { ownerOf } from './addresses.ts';
import type { UiDiagnostic, UiLine } from './json-lines.ts';

/** What the lines of one command tell about what it did. */
export interface RunFacts {
  readonly errors: readonly UiDiagnostic[];
  readonly warnings: readonly UiDiagnostic[];
  /** Values of the bundle's outputs by name, once an apply has told them. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Runners (else resources) all of whose planned work was done: made, and removed. */
  readonly applied: readonly string[];
  readonly removed: readonly string[];
}

interface Planned {
  readonly address: string;
  readonly action: string;
}

/** Collects facts line by line. */
export function createFactCollector(): { add(line: UiLine): void; facts(): RunFacts } {
  const errors: UiDiagnostic[] = [];
  const warnings: UiDiagnostic[] = [];
  let outputs: Record<string, unknown> = {};
  const planned: Planned[] = [];
  const done = new Set<string>();
  const isDone = ({ address, action }: Planned) => done.has(`${wayOf(action)} ${address}`);
  return {
    add(line) {
      if (line.diagnostic !== undefined) {
        (line.diagnostic.severity === 'error' ? errors : warnings).push(line.diagnostic);
      }
      if (line.outputs !== undefined) {
        outputs = Object.fromEntries(Object.entries(line.outputs).map(([name, { value }]) => [name, value]));
      }
      if (line.type === 'planned_change' && line.change !== undefined) {
        planned.push({ address: line.change.resource.addr, action: line.change.action });
      }
      if (line.type === 'apply_complete' && line.hook?.resource !== undefined) {
        done.add(`${wayOf(line.hook.action)} ${line.hook.resource.addr}`);
      }
    },
    facts() {
      const work = planned.filter(({ action }) => action !== 'read' && action !== 'noop');
      const whole = [...Map.groupBy(work, ({ address }) => ownerOf(address))].filter(([, all]) =>
        all.every(isDone),
      );
      const removed = whole.filter(([, all]) => all.every(({ action }) => action === 'delete'));
      const applied = whole.filter((one) => !removed.includes(one));
      return {
        ...{ errors, warnings, outputs },
        applied: applied.map(([owner]) => owner),
        removed: removed.map(([owner]) => owner),
      };
    },
  };
}

/** A replace is done when what replaces is there. */
function wayOf(action: string | undefined): 'away' | 'here' {
  return action === 'delete' ? 'away' : 'here';
}
