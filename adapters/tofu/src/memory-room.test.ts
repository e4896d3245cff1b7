import { describe, expect, it } from 'vitest';
import { createMemoryRoom } from './memory-room.ts';

const launch = { provider: 'aws', isRemoval: false } as const;
const removal = { provider: 'aws', isRemoval: true } as const;

describe('the memory of OpenTofu', () => {
  it('lets so many runs go at once as it holds, and the next when one is over', () => {
    const reserve = createMemoryRoom(4_096); // 2,457 MiB of it are for runs

    const runs = [reserve(launch), reserve(launch), reserve(launch)];
    expect(runs.every((run) => run !== undefined)).toBe(true);
    expect(reserve(launch)).toBeUndefined();
    runs[0]?.();
    runs[0]?.();
    expect(reserve(launch)).toBeDefined();
    expect(reserve(launch)).toBeUndefined();
  });

  it('keeps room for a launch free of removals', () => {
    const reserve = createMemoryRoom(4_096);

    expect([reserve(removal), reserve(removal), reserve(removal)].map((run) => run !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(reserve(launch)).toBeDefined();
  });

  it('takes many local runs for one in a cloud, and one run on the smallest host', () => {
    const reserve = createMemoryRoom(512);

    expect(reserve(launch)).toBeDefined();
    expect(reserve({ provider: 'local', isRemoval: false })).toBeUndefined();
  });

  it('knows what this process may use', () => {
    expect(createMemoryRoom()({ provider: 'local', isRemoval: true })).toBeDefined();
  });
});
