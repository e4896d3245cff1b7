import { expect } from 'vitest';
import { processesOf } from './victims.ts';
import type { World } from './world.ts';

/** Ends a world; fails when anything that was started for it goes on. */
export async function endWorld(world: World): Promise<void> {
  await world.remove();
  expect(processesOf(world)).toEqual([]);
}
