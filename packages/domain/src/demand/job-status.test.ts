import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CiJobStatus } from './facts.ts';
import { applyJobStatus, isJobOver, isJobStatus, jobRank } from './job-status.ts';

const early: CiJobStatus[] = [
  'created',
  'manual',
  'scheduled',
  'preparing',
  'waiting_for_resource',
  'waiting_for_callback',
];
const final: CiJobStatus[] = ['success', 'failed', 'canceled'];

describe('applyJobStatus', () => {
  it('reaches the end whatever the order and however often the events of one job arrive', () => {
    const life = (end: CiJobStatus) =>
      fc.shuffledSubarray<CiJobStatus>([...early, 'pending', 'running', 'canceling', end]);
    const lives = fc
      .constantFrom(...final)
      .chain((end) => fc.tuple(fc.constant(end), fc.array(life(end), { minLength: 1, maxLength: 3 })));
    fc.assert(
      fc.property(lives, ([end, parts]) => {
        const events = parts.flat();
        const last = events.reduce(applyJobStatus, 'created' as const);

        if (events.includes(end)) expect(last).toBe(end);
        expect(jobRank(last)).toBe(Math.max(0, ...events.map(jobRank)));
      }),
    );
  });

  it('keeps the first of two ends', () => {
    expect(applyJobStatus('success', 'failed')).toBe('success');
    expect(applyJobStatus('canceled', 'running')).toBe('canceled');
  });

  it('lets a skipped job wait again, but not by events from before', () => {
    expect(applyJobStatus('skipped', 'pending')).toBe('pending');
    expect(applyJobStatus('skipped', 'created')).toBe('skipped');
    expect(applyJobStatus('pending', 'skipped')).toBe('skipped');
  });

  it('tells the words it knows from others, whatever they are', () => {
    expect([...early, 'pending', ...final].every(isJobStatus)).toBe(true);
    expect(['', 'hibernating', 'constructor', '__proto__'].some(isJobStatus)).toBe(false);
  });

  it('knows which states are the end', () => {
    const going: CiJobStatus[] = [...early, 'pending', 'running', 'canceling'];
    const over: CiJobStatus[] = [...final, 'skipped'];

    expect(going.filter(isJobOver)).toEqual([]);
    expect(over.filter(isJobOver)).toEqual(over);
  });
});
