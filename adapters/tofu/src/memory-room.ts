import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import type { Tofu, TofuWanted } from '@polar-gosling/ports/tofu';

const mib = 1024 * 1024;
/**
 * Resident memory of one run: OpenTofu with its provider. Measured by others for AWS (556 MB, terraform-provider-aws
 * issue 47425); the provider of Yandex Cloud is about half its size; the local one is built in.
 */
const neededMib: Readonly<Record<TofuWanted['provider'], number>> = { local: 100, aws: 700, yandex: 400 };
/** The rest is for this program, the store and agents of this host. */
const share = 0.6;

/** Counts what runs of this process may need of the host's memory. One run always finds room. */
export function createMemoryRoom(memoryMib = hostMemoryMib()): NonNullable<Tofu['reserve']> {
  let takenMib = 0;
  return ({ provider, isRemoval }) => {
    const needed = neededMib[provider];
    const wanted = isRemoval ? 2 * needed : needed;
    if (takenMib > 0 && takenMib + wanted > memoryMib * share) return undefined;
    takenMib += needed;
    let isTaken = true;
    return () => {
      if (isTaken) takenMib -= needed;
      isTaken = false;
    };
  };
}

/**
 * How many MiB a host of `memoryMib` lacks for a launch beside a removal; 0: none. One run always finds room, so with
 * less a removal that hangs keeps the launches of its cloud waiting until its end.
 */
export function lackOfMemoryMib(provider: TofuWanted['provider'], memoryMib = hostMemoryMib()): number {
  return Math.max(0, Math.ceil((2 * neededMib[provider]) / share - memoryMib));
}

/** What this process may use: of its control group, where that says less than the host has. */
function hostMemoryMib(): number {
  const constrained = constrainedMemory();
  return Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY) / mib;
}
