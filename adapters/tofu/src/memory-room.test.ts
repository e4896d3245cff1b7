import { describe, expect, it } from 'vitest';
import { createMemoryRoom, lackOfMemoryMib } from './memory-room.ts';

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

  it.each(['local', 'aws', 'yandex'] as const)(
    'says what %s lacks for a launch beside a removal',
    (provider) => {
      const least = lackOfMemoryMib(provider, 0);

      const beside = [least - 1, least].map((memoryMib) => {
        const reserve = createMemoryRoom(memoryMib);
        return (
          reserve({ provider, isRemoval: true }) && reserve({ provider, isRemoval: false }) !== undefined
        );
      });

      expect(beside).toEqual([false, true]);
      expect([least - 1, least, 64_000].map((memoryMib) => lackOfMemoryMib(provider, memoryMib))).toEqual([
        1, 0, 0,
      ]);
    },
  );

  it('knows what this process may use', () => {
    expect(createMemoryRoom()({ provider: 'local', isRemoval: true })).toBeDefined();
  });
});
