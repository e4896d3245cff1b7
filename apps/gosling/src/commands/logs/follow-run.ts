import type { ApiClient, Run, RunEvent } from '@polar-gosling/api-contract';
import { type Clock, isCoded, linkAbort } from '@polar-gosling/kernel';
import type { RunLines } from './run-lines.ts';

/** Without a stream that tells of the run its row is read so often; it is a second old at most. */
const everyMs = 1_000;
/** A stream says something every 15 s, were it only that there is nothing new. */
const silentMs = 20_000;
const mostPauseMs = 30_000;

interface Following {
  readonly api: Pick<ApiClient, 'call' | 'watch'>;
  readonly run: Run;
  readonly lines: RunLines;
  readonly clock: Clock;
}

/**
 * Follows a run until it is over and answers how it ended. The stream of events tells each line at once. The run's row
 * is read once a second for as long as that stream is not there, or tells nothing of this run (another process works
 * on it, or it came in the middle): no line is lost on the way from one to the other.
 */
export async function followRun(at: Following, signal: AbortSignal): Promise<Run> {
  const leaving = linkAbort(signal);
  const stream = createRunStream(at);
  const watching = stream.watch(leaving.signal);
  try {
    let { run } = at;
    while (run.state !== 'settled') {
      await stream.untilDue(signal);
      run = await at.api.call('getRun', { params: { id: run.id } }, { signal });
      at.lines.takeRow(run);
    }
    return run;
  } finally {
    leaving.abort();
    await watching;
  }
}

interface RunStream {
  /** Passes lines on until `signal`, connecting again and again; ends at once where there is no such stream. */
  watch(signal: AbortSignal): Promise<void>;
  /** Waits until the run's row has to be read. */
  untilDue(signal: AbortSignal): Promise<void>;
}

function createRunStream({ api, run, lines, clock }: Following): RunStream {
  let due = new AbortController();
  let isTelling = false;
  let trustedUntil = 0;

  const take = (event: RunEvent | undefined) => {
    if (event?.run_id === run.id) {
      const wasBehind = lines.isBehind();
      if (event.line !== undefined) lines.take(event.line);
      // A line whose predecessors are all there: from here on the stream lacks none.
      isTelling ||= event.line !== undefined && !lines.isBehind();
      if (event.state !== undefined || (lines.isBehind() && !wasBehind)) due.abort();
    }
    if (isTelling) trustedUntil = clock.monotonic() + silentMs;
  };
  const lose = () => {
    if (isTelling) due.abort();
    isTelling = false;
    trustedUntil = 0;
  };

  return {
    async watch(signal) {
      let pauseMs = everyMs;
      while (!signal.aborted) {
        try {
          for await (const event of api.watch({ query: { egg: run.egg_name } }, { signal })) {
            take(event);
            pauseMs = everyMs;
          }
        } catch (error) {
          if (!isCoded(error) || error.retry === 'never') return;
        } finally {
          lose();
        }
        await clock.sleep(pauseMs, signal).catch(() => undefined); // left meanwhile
        pauseMs = Math.min(2 * pauseMs, mostPauseMs);
      }
    },
    async untilDue(signal) {
      const trustedMs = lines.isBehind() ? 0 : trustedUntil - clock.monotonic();
      const waiting = AbortSignal.any([signal, due.signal]);
      await clock.sleep(Math.max(everyMs, trustedMs), waiting).catch(() => undefined); // due before that
      signal.throwIfAborted();
      due = new AbortController();
    },
  };
}
