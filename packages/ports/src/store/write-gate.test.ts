import { silentLogger } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { storeErrors } from './errors.ts';
import { createWriteGate } from './write-gate.ts';

const { signal } = new AbortController();
const fixture = () => {
  const clock = createFakeClock();
  const gate = createWriteGate({ clock, logger: silentLogger });
  const refused = storeErrors.unavailable({ op: 'commit' }, { cause: { reason: 'throttled' } });
  const fail = () => gate.run(() => Promise.reject(refused), signal);
  return { clock, gate, fail };
};

describe('createWriteGate', () => {
  it('closes after 5 s of refusals, lets one try a second through, and opens with the first that succeeds', async () => {
    const { clock, gate, fail } = fixture();
    let tries = 0;
    const succeed = () => gate.run(async () => ++tries, signal);
    await expect(fail()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await clock.advance(4_999);
    await expect(fail()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(gate.readOnly()).toBeUndefined();
    await clock.advance(1);
    await expect(fail()).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    expect(gate.readOnly()).toEqual({ reason: 'throttled', since: clock.now() - 5_000 });

    const readOnly = { code: 'STORE_READ_ONLY', message: expect.stringContaining('(throttled)') };
    await expect(succeed()).rejects.toMatchObject(readOnly);
    await clock.advance(999);
    await expect(succeed()).rejects.toMatchObject(readOnly);
    await clock.advance(1);
    await expect(succeed()).resolves.toBe(1);
    await expect(succeed()).resolves.toBe(2);
    expect(gate.readOnly()).toBeUndefined();
  });

  it('does not take one refusal in a quiet hour for an hour of refusals', async () => {
    const { clock, gate, fail } = fixture();
    await expect(fail()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

    await clock.advance(3_600_000);

    expect(gate.readOnly()).toBeUndefined();
  });

  it('counts the time that a refused write itself took', async () => {
    const { clock, gate } = fixture();
    const slow = gate.run(async () => {
      await clock.sleep(5_000, signal);
      throw new Error('database is locked');
    }, signal);

    const refused = expect(slow).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    await clock.advance(5_000);
    await refused;

    expect(gate.readOnly()).toEqual({ reason: 'database is locked', since: clock.now() - 5_000 });
  });

  it('counts no fault of a caller, and nobody who gave up', async () => {
    const { clock, gate } = fixture();
    const mistaken = () =>
      gate.run(() => Promise.reject(storeErrors.badUnit({ reason: 'two writes' })), signal);
    const gone = AbortSignal.abort(new Error('gone'));
    const aborted = () => gate.run(() => Promise.reject(gone.reason), gone);

    for (let second = 0; second < 8; second++) {
      await expect(mistaken()).rejects.toMatchObject({ code: 'STORE_BAD_UNIT' });
      await expect(aborted()).rejects.toThrow('gone');
      await clock.advance(1_000);
    }

    expect(gate.readOnly()).toBeUndefined();
  });
});
