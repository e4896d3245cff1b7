import type { ConfigChange, Replacement } from '@polar-gosling/api-contract';
import { cleanLine } from './text.ts';

const shownAtMost = 40;

/** `resources.memory_mib: 2048 → 4096`, a line for each value. */
export function changeLines(changes: readonly ConfigChange[]): readonly string[] {
  const lines = changes.slice(0, shownAtMost).map(({ path, before, after, machine }) => {
    const note = machine ? '' : ' (no machine is replaced for it)';
    return cleanLine(`${path}: ${textOf(before)} → ${textOf(after)}${note}`);
  });
  const more = changes.length - shownAtMost;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** What becomes of the runners that live, a line for each fate that some meet. */
export function runnerLines({ kept, replaced, drained, leaving }: Replacement): readonly string[] {
  const fates: readonly (readonly [readonly string[], string])[] = [
    [kept, 'as they are'],
    [replaced, 'replaced, a share at a time'],
    [drained, 'replaced after their jobs'],
    [leaving, 'on their way out already'],
  ];
  const lines = fates.flatMap(([ids, fate]) =>
    ids.length === 0 ? [] : [`${ids.length} ${ids.length === 1 ? 'runner' : 'runners'} ${fate}`],
  );
  return lines.length > 0 ? lines : ['no runner lives now'];
}

function textOf(value: unknown): string {
  return value === undefined ? '-' : JSON.stringify(value);
}
