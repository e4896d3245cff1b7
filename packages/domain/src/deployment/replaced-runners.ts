import type { RunnerState } from '../states.ts';

export interface ReplacedRunner {
  readonly id: string;
  readonly state: RunnerState;
  readonly machineHash: string;
  readonly hasJob: boolean;
}

/** What a change of `machine_hash` means for the runners that live now, by id. */
export interface Replacement {
  /** Made of these machines already. */
  readonly kept: readonly string[];
  /** Without a job: drained and made anew, a share at a time. */
  readonly replaced: readonly string[];
  /** With a job: they finish it first, however long. */
  readonly drained: readonly string[];
  /** On their way out anyhow. */
  readonly leaving: readonly string[];
}

const leaving: readonly RunnerState[] = ['draining', 'terminating', 'terminated', 'failed'];

export function replacementBy(machineHash: string, runners: readonly ReplacedRunner[]): Replacement {
  const fate = (runner: ReplacedRunner): keyof Replacement => {
    if (leaving.includes(runner.state)) return 'leaving';
    if (runner.machineHash === machineHash) return 'kept';
    return runner.hasJob || runner.state === 'active' ? 'drained' : 'replaced';
  };
  const idsOf = (wanted: keyof Replacement) =>
    runners.filter((runner) => fate(runner) === wanted).map(({ id }) => id);
  return {
    kept: idsOf('kept'),
    replaced: idsOf('replaced'),
    drained: idsOf('drained'),
    leaving: idsOf('leaving'),
  };
}
