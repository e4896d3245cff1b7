import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { createWaitingRoom } from './waiting-room.ts';

const { signal } = new AbortController();

describe('createWaitingRoom', () => {
  it('does not sleep through a wake that came before the wait', async () => {
    const clock = createFakeClock();
    const room = createWaitingRoom(clock);
    const seen = room.wakes();
    room.wake();

    await room.wait(1_000, seen, signal);

    expect(clock.sleepers()).toBe(0);
  });

  it('wakes everybody who waits', async () => {
    const clock = createFakeClock();
    const room = createWaitingRoom(clock);
    const waiting = [1_000, 2_000].map((ms) => room.wait(ms, room.wakes(), signal));
    expect(clock.sleepers()).toBe(2);

    room.wake();
    await Promise.all(waiting);

    expect(clock.sleepers()).toBe(0);
  });

  it('ends with the time or with its caller', async () => {
    const clock = createFakeClock();
    const room = createWaitingRoom(clock);
    const controller = new AbortController();
    const timed = room.wait(1_000, room.wakes(), signal);
    const given = expect(room.wait(5_000, room.wakes(), controller.signal)).rejects.toThrow('gone');

    await clock.advance(1_000);
    await timed;
    controller.abort(new Error('gone'));

    await given;
  });
});
