import type { EggConfig } from '../egg.ts';
import { type MachinePart, nestMachineHash, withMachinePart } from './machine-part.ts';

/** The machines of an earlier deployment, held in force over what the Nest says of machines. */
export interface PinFacts {
  readonly part: MachinePart;
  /** `nestMachineHash` of the Nest's own text when it was pinned. */
  readonly over: string;
}

/** A pin ends with the first commit that changes the machine part: whoever wrote it wants what it says. */
export function isPinInForce(egg: EggConfig, pin: Pick<PinFacts, 'over'>): boolean {
  return nestMachineHash(egg) === pin.over;
}

/** What is in force of an Egg: the Nest's text, under a pin with the pinned machines. */
export function applyPin(egg: EggConfig, pin: PinFacts | undefined): EggConfig {
  return pin !== undefined && isPinInForce(egg, pin) ? withMachinePart(egg, pin.part) : egg;
}
