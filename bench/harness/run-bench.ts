import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import type { Bench, BenchContext, Comparison, Goal, Variant } from './bench.ts';
import { type Measured, runVariant } from './run-variant.ts';

export interface BenchResult {
  readonly name: string;
  readonly question: string;
  /** By the name of the comparison. */
  readonly ratios: Readonly<Record<string, number>>;
  /** By the name of the comparison, then of the variant: the value of each round, in order. */
  readonly raw: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly goals: Readonly<Record<string, { readonly goal: Goal; readonly isMet: boolean }>>;
  readonly units: Readonly<Record<string, string>>;
  readonly machine: string;
  /** Load average of the last minute, before and after. */
  readonly load: readonly [number, number];
}

/** Measures each variant once a round, each time in a fresh process, in an order that is swapped from round to round. */
export async function runBench(name: string, bench: Bench, context: BenchContext): Promise<BenchResult> {
  try {
    return await measure(name, bench, context);
  } finally {
    await bench.finish?.(context);
  }
}

async function measure(name: string, bench: Bench, context: BenchContext): Promise<BenchResult> {
  const comparisons = await bench.prepare(context);
  const before = loadOf();
  const variants = [...new Set(comparisons.flatMap(({ subject, baseline }) => [subject, baseline]))];
  const measured = new Map<Variant, Measured[]>(variants.map((variant) => [variant, []]));
  for (let round = 1; round <= bench.rounds; round++) {
    for (const variant of round % 2 === 1 ? variants : variants.toReversed()) {
      const one = await runVariant(variant, context.signal);
      measured.get(variant)?.push(one);
      const more = one.more === undefined ? '' : ` ${JSON.stringify(one.more)}`;
      context.say(`round ${round}: ${variant.name}: ${one.value}${more} (${one.result}), load ${loadOf()}`);
    }
  }
  const figures = comparisons.map((comparison) => figuresOf(comparison, measured));
  return {
    name,
    question: bench.question,
    ratios: Object.fromEntries(figures.map(({ comparison, ratio }) => [comparison.name, ratio])),
    raw: Object.fromEntries(figures.map(({ comparison, raw }) => [comparison.name, raw])),
    goals: Object.fromEntries(
      figures.map(({ comparison, ratio, baseline }) => [
        comparison.name,
        { goal: comparison.goal, isMet: isMet(comparison.goal, ratio, baseline) },
      ]),
    ),
    units: Object.fromEntries(comparisons.map(({ name, unit }) => [name, unit])),
    machine: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${type()} ${release()}, Node ${process.versions.node}`,
    load: [before, loadOf()],
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function figuresOf(comparison: Comparison, measured: ReadonlyMap<Variant, readonly Measured[]>) {
  const { subject, baseline, goal, figure } = comparison;
  const values = (variant: Variant) => {
    const all = measured.get(variant) ?? [];
    const results = new Set(all.map(({ result }) => result));
    if (results.size > 1)
      throw new Error(`${variant.name} did not do the same each time: ${[...results].join(' ')}`);
    return all.map(({ value, more }) => (figure === undefined ? value : (more?.[figure] ?? Number.NaN)));
  };
  if (comparison.mustAgree) requireAgreement(comparison, measured);
  const ratio = ratioOf(goal, values(subject), values(baseline));
  return {
    comparison,
    ratio: Number(ratio.toPrecision(4)),
    baseline: median(values(baseline)),
    raw: { [subject.name]: values(subject), [baseline.name]: values(baseline) },
  };
}

/** Each variant does the same in every round: its first result stands for all. */
function requireAgreement(
  { name, subject, baseline }: Comparison,
  measured: ReadonlyMap<Variant, readonly Measured[]>,
): void {
  const [ours, theirs] = [subject, baseline].map((variant) => measured.get(variant)?.[0]?.result);
  if (ours === theirs) return;
  throw new Error(`${name}: ${subject.name} came to ${ours}, ${baseline.name} to ${theirs}`);
}

/** For a limit not a ratio, but the worst value: it holds in every round or not at all. */
function ratioOf(goal: Goal, subject: readonly number[], baseline: readonly number[]): number {
  if (goal.kind === 'limit') return Math.max(...subject);
  const [ours, theirs] = [median(subject), median(baseline)];
  return goal.kind === 'faster' ? theirs / ours : ours / theirs;
}

function isMet(goal: Goal, ratio: number, baseline: number): boolean {
  if (goal.kind === 'none') return true;
  if (goal.kind === 'cost' && goal.orMore !== undefined && (ratio - 1) * baseline <= goal.orMore) return true;
  return goal.kind === 'faster' ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

function loadOf(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2));
}
