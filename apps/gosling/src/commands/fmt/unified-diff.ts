/** One line of the way from one text to another. */
interface Step {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

/** Unchanged lines around each change. */
const around = 3;
/** Beyond so many changed lines the rest is shown as replaced whole: finding the shortest way costs their square. */
const mostEdits = 1000;
const noNewline = '\\ No newline at end of file';

/** What would turn `before` into `after`, as `diff -u` prints it; empty where they are the same. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return '';
  const steps = findSteps(splitLines(before), splitLines(after));
  return [`--- ${name}`, `+++ ${name}`, ...hunks(steps)].map((line) => `${line}\n`).join('');
}

/** Lines with what ends them, so that a missing line end at the end is a difference. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function findSteps(before: readonly string[], after: readonly string[]): Step[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return [
    ...before.slice(0, head).map(same),
    ...shortestWay(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

function same(line: string): Step {
  return { mark: ' ', line };
}

/** Myers' algorithm: how far each diagonal reaches with so many changed lines. */
function shortestWay(before: readonly string[], after: readonly string[]): Step[] {
  const reached: Map<number, number>[] = [];
  let furthest = new Map([[1, 0]]);
  const most = Math.min(before.length + after.length, mostEdits);
  for (let edits = 0; edits <= most; edits++) {
    reached.push(new Map(furthest));
    furthest = new Map(furthest);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOf(furthest, diagonal, edits);
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(reached, before, after);
    }
  }
  return [
    ...before.map((line): Step => ({ mark: '-', line })),
    ...after.map((line): Step => ({ mark: '+', line })),
  ];
}

/** Where a diagonal begins: below the one above it (a line is added), or beside it (one is removed). */
function startOf(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): number {
  return isAdded(furthest, diagonal, edits)
    ? (furthest.get(diagonal + 1) ?? 0)
    : (furthest.get(diagonal - 1) ?? 0) + 1;
}

function isAdded(furthest: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true;
  return diagonal !== edits && (furthest.get(diagonal - 1) ?? 0) < (furthest.get(diagonal + 1) ?? 0);
}

function walkBack(
  reached: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Step[] {
  const steps: Step[] = [];
  let x = before.length;
  let y = after.length;
  for (let edits = reached.length - 1; edits >= 0; edits--) {
    const furthest = reached[edits] ?? new Map<number, number>();
    const isAddition = isAdded(furthest, x - y, edits);
    const from = x - y + (isAddition ? 1 : -1);
    const fromX = furthest.get(from) ?? 0;
    // What follows the changed line is the same on both sides.
    const start = isAddition ? fromX : fromX + 1;
    steps.push(...before.slice(start, x).toReversed().map(same));
    y -= x - start;
    x = start;
    if (edits === 0) break;
    steps.push(
      isAddition ? { mark: '+', line: after[y - 1] ?? '' } : { mark: '-', line: before[x - 1] ?? '' },
    );
    x = fromX;
    y = fromX - from;
  }
  return steps.toReversed();
}

function* hunks(steps: readonly Step[]): Generator<string> {
  const changes = steps.flatMap(({ mark }, at) => (mark === ' ' ? [] : [at]));
  for (let first = 0; first < changes.length; ) {
    let last = first;
    while ((changes[last + 1] ?? Number.POSITIVE_INFINITY) - (changes[last] ?? 0) <= 2 * around) last++;
    const from = Math.max(0, (changes[first] ?? 0) - around);
    const hunk = steps.slice(from, (changes[last] ?? 0) + around + 1);
    const ahead = steps.slice(0, from);
    yield `@@ -${place(ahead, hunk, '-')} +${place(ahead, hunk, '+')} @@`;
    for (const { mark, line } of hunk) {
      yield `${mark}${line.replace(/\n$/, '')}`;
      if (!line.endsWith('\n')) yield noNewline;
    }
    first = last + 1;
  }
}

/** First line and number of lines of a hunk on one side. */
function place(ahead: readonly Step[], hunk: readonly Step[], side: '-' | '+'): string {
  const count = (steps: readonly Step[]) => steps.filter(({ mark }) => mark === ' ' || mark === side).length;
  const lines = count(hunk);
  return `${count(ahead) + (lines === 0 ? 0 : 1)},${lines}`;
}
