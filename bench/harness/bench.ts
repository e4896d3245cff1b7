/** One way to do the work: a command that is started anew for each measurement. */
export interface Variant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * `reported`: the process prints `{"value": number, "result": …}` as its last line, where one run tells several figures
   * with `"more": {name: number}`;
   * `cpu`: ms of CPU time of the process and its children, `wall`: ms from start to end, both seen from outside.
   */
  readonly measure: 'reported' | 'cpu' | 'wall';
}

/** What the ratio of two variants has to be. */
export type Goal =
  /** baseline / subject: how many times less the subject needs. */
  | { readonly kind: 'faster'; readonly atLeast: number }
  /** subject / baseline: the part of the baseline that the subject needs. */
  | {
      readonly kind: 'cost';
      readonly atMost: number;
      /** Or so much more than the baseline, in the comparison's unit, where that is more. */
      readonly orMore?: number;
    }
  /** The subject alone, in the comparison's unit, in its worst round; the baseline is there to be seen. */
  | { readonly kind: 'limit'; readonly atMost: number }
  /** subject / baseline, to be seen only. */
  | { readonly kind: 'none' };

/** Two variants that do the same work. */
export interface Comparison {
  readonly name: string;
  readonly unit: string;
  /** The figure among `more` that is compared; absent: `value`. */
  readonly figure?: string;
  readonly subject: Variant;
  readonly baseline: Variant;
  readonly goal: Goal;
  /** Both print what came of their work, and it has to be the same. */
  readonly mustAgree?: boolean;
}

export interface BenchContext {
  /** An empty folder that is removed afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Tells what is being prepared. */
  readonly say: (line: string) => void;
}

/** `bench/<name>/bench.ts` exports one of these as `bench`. */
export interface Bench {
  readonly question: string;
  /** Every variant is measured so often, in a fresh process; the order is swapped each time. */
  readonly rounds: number;
  /** Makes inputs and programs; what cannot be measured on this machine is an error that says why. */
  prepare(context: BenchContext): Promise<readonly Comparison[]>;
  /** After the last round, or a failure: ends what `prepare` started, and measures the machine once more. */
  finish?(context: BenchContext): Promise<void>;
}
