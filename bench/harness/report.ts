import type { Goal } from './bench.ts';
import { type BenchResult, median } from './run-bench.ts';

/** The result for a reader: each comparison with its medians, all values and whether its goal is met. */
export function reportOf(result: BenchResult): string {
  const lines = [
    `${result.name}: ${result.question}`,
    `machine: ${result.machine}`,
    `load: ${result.load[0]} before, ${result.load[1]} after`,
  ];
  for (const [name, ratio] of Object.entries(result.ratios)) {
    const { goal, isMet } = result.goals[name] ?? {};
    lines.push(
      '',
      `${name}: ${ratio}${goal === undefined ? '' : ` (goal ${sayGoal(goal)})`}${isMet ? '' : ' MISSED'}`,
    );
    for (const [variant, values] of Object.entries(result.raw[name] ?? {})) {
      lines.push(`  ${variant}: median ${median(values)} ${result.units[name]} of ${values.join(', ')}`);
    }
  }
  return lines.join('\n');
}

function sayGoal(goal: Goal): string {
  if (goal.kind === 'none') return 'none';
  if (goal.kind === 'limit') return `≤ ${goal.atMost} in every round`;
  if (goal.kind === 'faster') return `≥ ${goal.atLeast}× faster`;
  return `≤ ${goal.atMost}× the cost${goal.orMore === undefined ? '' : ` or ${goal.orMore} more`}`;
}
