import { processesOf } from './processes.ts';
import { until, type World } from './world.ts';

/** Ends a world; fails when anything that was started for it goes on (a guard of OpenTofu sees its end in a second). */
export async function endWorld(world: World): Promise<void> {
  await world.remove();
  let left: unknown;
  await until(
    'nothing of the world goes on',
    () => {
      const processes = processesOf(world);
      left = processes;
      return processes.length === 0 ? true : undefined;
    },
    5_000,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(left)}`, { cause: error });
  });
}
