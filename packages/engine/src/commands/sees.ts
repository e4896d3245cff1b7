import type { Caller } from '../api/caller.ts';

/** May this caller see the Egg? */
export function sees(caller: Caller, egg: string): boolean {
  return caller.eggs === undefined || caller.eggs.includes(egg);
}
