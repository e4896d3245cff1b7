/** CPU time of a call on this thread in ms: what else runs on the machine, or waits for it, is not counted. */
export function cpuMsOf(work: () => unknown): number {
  const from = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1_000;
}

export interface Growth {
  /** Ms for the input, the least of all tries. */
  readonly smallMs: number;
  /** Ms for one of twice the size. */
  readonly bigMs: number;
}

/** Ten tries: a machine that is busy makes work slower, never quicker, so that the least is nearest the truth. */
const mostTries = 10;

/** Times the work on an input and on one of twice the size, until `isGood` or no try is left. */
export function measureGrowth(
  work: { readonly small: () => unknown; readonly big: () => unknown },
  isGood: (growth: Growth) => boolean,
): Growth {
  let growth: Growth = { smallMs: Number.POSITIVE_INFINITY, bigMs: Number.POSITIVE_INFINITY };
  for (let tried = 0; tried < mostTries && !isGood(growth); tried++) {
    growth = {
      smallMs: Math.min(growth.smallMs, cpuMsOf(work.small)),
      bigMs: Math.min(growth.bigMs, cpuMsOf(work.big)),
    };
  }
  return growth;
}
