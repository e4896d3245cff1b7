import { type ApiClient, apiErrors, Run, type RunEvent, type RunLine } from '@polar-gosling/api-contract';
import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { followRun } from './follow-run.ts';
import { createRunLines } from './run-lines.ts';

const aLine = (number: number): RunLine => ({
  ...{ number, at: '2026-03-01T12:00:07Z', kind: 'stage', message: `line ${number}` },
});
const aRun = (lines: number, state: Run['state'] = 'applying') =>
  Run.parse({
    ...{ id: 'run-1', egg_name: 'app', shard: 0, state, plan_id: null, started_at: '2026-03-01T12:00:00Z' },
    progress: Array.from({ length: lines }, (_, place) => aLine(place + 1)),
  });
const told = (number: number, id = 'run-1'): RunEvent => ({
  ...{ run_id: id, egg_name: 'app', shard: 0, line: aLine(number) },
});
const becomes = (state: string): RunEvent => ({ run_id: 'run-1', egg_name: 'app', shard: 0, state });
const refusal = { status: 404, code: 'HTTP_NO_ROUTE', detail: 'no such route' };
const notThere = apiErrors.problem(refusal);

/** A follower of a run, the row it reads and the streams it opens, of which the test tells what comes. */
function follower(given: { first?: Run; refused?: Error } = {}) {
  const clock = createFakeClock();
  const shown: number[] = [];
  const state = { row: given.first ?? aRun(2), reads: 0, watched: [] as unknown[], open: 0 };
  let feed = Promise.withResolvers<RunEvent | undefined | 'end'>();
  const watch: ApiClient['watch'] = async function* (request, { signal }) {
    state.watched.push(request);
    if (given.refused !== undefined) throw given.refused;
    state.open += 1;
    try {
      for (;;) {
        const next = feed.promise;
        const left = new Promise<'end'>((resolve) => {
          signal.addEventListener('abort', () => resolve('end'), { once: true });
        });
        const event = await Promise.race([next, left]);
        if (event === 'end') return;
        yield event;
      }
    } finally {
      state.open -= 1;
    }
  };
  const call = async () => {
    state.reads += 1;
    return state.row;
  };
  const output = { data: (text: string) => shown.push(JSON.parse(text).number), talk: () => undefined };
  const flags = { json: true, offline: false, debug: false };
  const lines = createRunLines({ output: output as never, flags });
  const leaving = new AbortController();
  lines.takeRow(state.row);
  const api = { watch, call: call as never };
  const done = followRun({ api, run: state.row, lines, clock }, leaving.signal);
  done.catch(() => undefined);
  const tell = async (...events: (RunEvent | undefined | 'end')[]) => {
    for (const event of events) {
      const { resolve } = feed;
      feed = Promise.withResolvers();
      resolve(event);
      await clock.advance(0);
    }
  };
  const started = clock.advance(0);
  return { clock, shown, state, tell, leaving, done, started };
}

describe('the follower of a run', () => {
  it('shows a line as soon as the stream tells it, and leaves the row alone meanwhile', async () => {
    const { shown, state, tell, clock, started, leaving } = follower();
    await started;

    await tell(told(3), told(9, 'another'), told(4));
    const [soon, reads] = [[...shown], state.reads];
    for (let quiet = 0; quiet < 4; quiet++) {
      await clock.advance(14_000);
      await tell(undefined);
    }

    expect([soon, reads]).toEqual([[1, 2, 3, 4], 0]);
    expect(state.reads).toBe(4);
    expect(state.watched).toEqual([{ query: { egg: 'app' } }]);
    leaving.abort();
  });

  it('ends with the run, reading how it ended when the stream says so', async () => {
    const { shown, state, tell, done, started } = follower();
    await started;
    state.row = aRun(4, 'settled');

    await tell(told(3), becomes('settled'));

    expect((await done).state).toBe('settled');
    expect([shown, state.reads, state.open]).toEqual([[1, 2, 3, 4], 1, 0]);
  });

  it('takes from the row what was told before the stream was there', async () => {
    const { shown, state, tell, clock, started, leaving } = follower();
    await started;

    await tell(told(5));
    const before = [...shown];
    state.row = aRun(5);
    await clock.advance(1_000);
    await tell(told(6));

    expect([before, shown]).toEqual([
      [1, 2],
      [1, 2, 3, 4, 5, 6],
    ]);
    leaving.abort();
  });

  it('reads the row not more than once a second while it waits for lines that are late there', async () => {
    const { state, tell, clock, started, leaving } = follower();
    await started;

    for (let number = 5; number < 105; number++) await tell(told(number));
    await clock.advance(3_000);

    expect(state.reads).toBe(4);
    leaving.abort();
  });

  it('reads the row once a second when the stream broke, and doubles nothing when it is back', async () => {
    const { shown, state, tell, clock, started, leaving } = follower();
    await started;
    await tell(told(3), 'end');
    state.row = aRun(5);
    const before = state.reads;
    await clock.advance(5_000);
    const polled = state.reads - before;
    await tell(told(5), told(6));
    await clock.advance(1_000);
    const after = state.reads;
    await clock.advance(10_000);

    expect(polled).toBe(5);
    expect(shown).toEqual([1, 2, 3, 4, 5, 6]);
    expect([state.watched.length, state.open, state.reads - after]).toEqual([2, 1, 0]);
    leaving.abort();
  });

  it('reads the row once a second where there is no such stream, and asks for it no more', async () => {
    const { shown, state, clock, started, leaving } = follower({ refused: notThere });
    await started;
    state.row = aRun(3);

    await clock.advance(60_000);

    expect([state.reads, state.watched.length, shown]).toEqual([60, 1, [1, 2, 3]]);
    leaving.abort();
  });

  it('tries less and less often to reach a stream that is kept back on the way', async () => {
    const refused = apiErrors.timedOut({ url: 'https://gosling.test/events', timeoutMs: 5_000 });
    const { state, clock, started, leaving } = follower({ refused });
    await started;

    await clock.advance(120_000);

    expect(state.reads).toBe(120);
    expect(state.watched.length).toBe(8);
    leaving.abort();
  });

  it('reads the row once a second while another process works on the run', async () => {
    const { state, tell, clock, started, leaving } = follower();
    await started;

    for (let second = 0; second < 20; second++) {
      await tell(told(second + 1, 'another'), undefined);
      await clock.advance(1_000);
    }

    expect(state.reads).toBe(20);
    leaving.abort();
  });

  it('reads the row once a second until a line shows that the stream lacks none', async () => {
    const { state, tell, clock, started, leaving } = follower();
    await started;

    await tell(becomes('applying'), undefined);
    await clock.advance(10_000);

    expect(state.reads).toBe(11);
    leaving.abort();
  });

  it('does not trust a stream that has fallen silent', async () => {
    const { shown, state, tell, clock, started, leaving } = follower();
    await started;
    await tell(told(3));
    state.row = aRun(4);

    await clock.advance(30_000);

    expect(shown).toEqual([1, 2, 3, 4]);
    expect(state.reads).toBe(12);
    leaving.abort();
  });

  it('closes the stream when its reader leaves', async () => {
    const { state, clock, started, leaving, done } = follower();
    await started;
    const before = state.open;

    leaving.abort(new DOMException('Ctrl-C', 'AbortError'));

    await expect(done).rejects.toThrow('Ctrl-C');
    expect([before, state.open, clock.sleepers()]).toEqual([1, 0, 0]);
  });
});
