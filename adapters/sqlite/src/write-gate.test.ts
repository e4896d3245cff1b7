import { silentLogger } from '@polar-gosling/kernel';
import type { Unit } from '@polar-gosling/ports/store';
import { createFakeClock, type FakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createGroupCommit, maxPending } from './group-commit.ts';
import type { WriterPort } from './writer-port.ts';

const { signal } = new AbortController();
const unit: Unit = [];

/** A disk that takes writes only while `isFull` is false. */
function diskThat(state: { isFull: boolean; groups: number[] }): WriterPort {
  return {
    async commitGroup(units) {
      state.groups.push(units.length);
      if (state.isFull) throw new Error('database or disk is full');
      return units.map(() => ({ kind: 'ok' }));
    },
    close: () => Promise.resolve(),
  };
}

function fixture(): {
  state: { isFull: boolean; groups: number[] };
  clock: FakeClock;
  commit: () => Promise<unknown>;
} {
  const state = { isFull: false, groups: [] };
  const clock = createFakeClock();
  const group = createGroupCommit({ writer: diskThat(state), clock, logger: silentLogger });
  return { state, clock, commit: () => group.commit(unit, signal) };
}

describe('group commit', () => {
  it('puts what comes during one group into the next', async () => {
    const { state, commit } = fixture();

    await Promise.all(Array.from({ length: 600 }, commit));

    expect(state.groups).toEqual([512, 88]);
  });

  /** A writer that is at its first group until `go` is called. */
  function slowDisk() {
    const writing = Promise.withResolvers<void>();
    const groups: number[] = [];
    const writer: WriterPort = {
      async commitGroup(units) {
        groups.push(units.length);
        await writing.promise;
        return units.map(() => ({ kind: 'ok' }));
      },
      close: () => Promise.resolve(),
    };
    const clock = createFakeClock();
    const group = createGroupCommit({ writer, clock, logger: silentLogger });
    return { group, groups, clock, go: writing.resolve };
  }

  it('lets who waits leave at once, and answers who is being written', async () => {
    const { group, groups, clock, go } = slowDisk();
    const stop = new AbortController();
    const written = group.commit(unit, stop.signal);
    await clock.advance(0);
    const waiting = group.commit(unit, stop.signal);

    stop.abort(new RangeError('no longer wanted'));

    await expect(waiting).rejects.toThrow('no longer wanted');
    go();
    expect(await written).toEqual({ kind: 'ok' });
    await group.drain();
    expect(groups).toEqual([1]);
  });

  it('refuses at once what comes when too many wait, and takes more when they are written', async () => {
    const { group, clock, go } = slowDisk();
    const first = group.commit(unit, signal);
    await clock.advance(0);
    const waiting = Array.from({ length: maxPending }, () => group.commit(unit, signal));

    await expect(group.commit(unit, signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

    go();
    await Promise.all([first, ...waiting]);
    expect(await group.commit(unit, signal)).toEqual({ kind: 'ok' });
  });

  it('fails the whole group when the disk is full', async () => {
    const { state, commit } = fixture();
    state.isFull = true;

    const results = await Promise.allSettled([commit(), commit()]);

    expect(results).toMatchObject([
      { reason: { code: 'STORE_UNAVAILABLE' } },
      { reason: { code: 'STORE_UNAVAILABLE' } },
    ]);
    expect(state.groups).toEqual([2]);
  });

  it('takes no writes after 5 s of refusals, tries once a second, and recovers by itself', async () => {
    const { state, clock, commit } = fixture();
    state.isFull = true;
    await expect(commit()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await clock.advance(4_999);
    await expect(commit()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await clock.advance(1);

    const readOnly = { code: 'STORE_READ_ONLY', message: expect.stringContaining('disk is full') };
    await expect(commit()).rejects.toMatchObject(readOnly);
    await clock.advance(1_000);
    await expect(commit()).rejects.toMatchObject(readOnly);
    const triedBefore = state.groups.length;
    await expect(commit()).rejects.toMatchObject(readOnly);
    expect(state.groups).toHaveLength(triedBefore);

    state.isFull = false;
    await expect(commit()).rejects.toMatchObject(readOnly);
    await clock.advance(1_000);
    await expect(commit()).resolves.toEqual({ kind: 'ok' });
    await expect(commit()).resolves.toEqual({ kind: 'ok' });
  });

  it('does not write for a caller who gave up while waiting', async () => {
    const state = { isFull: false, groups: [] };
    const group = createGroupCommit({
      writer: diskThat(state),
      clock: createFakeClock(),
      logger: silentLogger,
    });
    const controller = new AbortController();

    const given = group.commit(unit, controller.signal);
    controller.abort(new Error('gone'));

    await expect(given).rejects.toThrow('gone');
    expect(state.groups).toEqual([]);
  });

  it('refuses commits after it was closed', async () => {
    const group = createGroupCommit({
      writer: diskThat({ isFull: false, groups: [] }),
      clock: createFakeClock(),
      logger: silentLogger,
    });
    await group.drain();

    await expect(group.commit(unit, signal)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
