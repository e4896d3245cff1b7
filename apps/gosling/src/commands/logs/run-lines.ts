import type { Run, RunLine } from '@polar-gosling/api-contract';
import type { CliContext } from '../../cli/command.ts';

/** So many lines are kept for want of one before them; of older ones the run's row tells, or says that they are gone. */
const mostWaiting = 1_000;

/** The lines of one run on their way to stdout: each once and in order, from wherever it comes first. */
export interface RunLines {
  /** One of a stream: printed when all before it are. */
  take(line: RunLine): void;
  /** The last ones, of the run's row: what is missing before them comes no more, and that is said. */
  takeRow(run: Pick<Run, 'state' | 'progress'>): void;
  /** Lines came whose predecessors did not. */
  isBehind(): boolean;
}

export function createRunLines({ output, flags }: Pick<CliContext, 'output' | 'flags'>): RunLines {
  const waiting = new Map<number, RunLine>();
  let seen = 0;

  const print = (line: RunLine) => {
    if (seen > 0 && line.number > seen + 1) {
      output.talk(`… ${line.number - seen - 1} lines came too fast; gosling logs RUN --full has them`);
    }
    output.data(flags.json ? JSON.stringify(line) : textOf(line));
    waiting.delete(line.number);
    seen = line.number;
  };
  const printNext = () => {
    for (let line = waiting.get(seen + 1); line !== undefined; line = waiting.get(seen + 1)) print(line);
  };
  const keep = (line: RunLine) => {
    if (line.number > seen) waiting.set(line.number, line);
  };

  return {
    take(line) {
      keep(line);
      const [oldest] = waiting.keys();
      if (waiting.size > mostWaiting && oldest !== undefined) waiting.delete(oldest);
      printNext();
    },
    takeRow({ state, progress }) {
      progress.forEach(keep);
      const last = state === 'settled' ? Number.POSITIVE_INFINITY : (progress.at(-1)?.number ?? 0);
      const told = [...waiting.values()].toSorted((a, b) => a.number - b.number);
      for (const line of told) if (line.number <= last) print(line);
      printNext();
    },
    isBehind: () => waiting.size > 0,
  };
}

function textOf({ at, message, address, severity }: RunLine): string {
  const time = at.slice(11, 19);
  const where = address === undefined || message.includes(address) ? '' : `${address}: `;
  return `${time} ${severity === undefined ? '' : `${severity}: `}${where}${message}`;
}
