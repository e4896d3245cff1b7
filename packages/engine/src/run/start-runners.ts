import { isCoded, Secret } from '@polar-gosling/kernel';
import type { CallOptions, RunnerRow } from '@polar-gosling/ports/store';
import type { TofuStart } from '@polar-gosling/ports/tofu';
import type { InternalDeps } from '../deps.ts';
import { entryOf } from '../rows/entry-of.ts';

/**
 * Starts the new runners that are invocations of a container. A row is `provisioning` until this is done: should the
 * process end meanwhile, the next run starts those whose agents have not logged in. One that cannot be started is left
 * to its deadline: it reports nothing, counts as a failed boot, and its Egg launches another.
 */
export async function startRunners(
  deps: InternalDeps,
  at: { readonly targets: readonly RunnerRow[]; readonly starts: readonly TofuStart[] },
  options: CallOptions,
): Promise<void> {
  for (const row of at.targets) {
    const start = at.starts.find(({ runnerId }) => runnerId === row.id);
    if (start === undefined) continue;
    const entry = entryOf(row);
    const request = {
      container: start.container,
      runnerId: row.id,
      eggName: entry.egg_name,
      goslingUrl: entry.gosling_url,
      bootstrapToken: new Secret(entry.bootstrap_token),
    };
    try {
      await deps.runnerStart?.start(request, options);
    } catch (error) {
      if (!isCoded(error)) throw error;
      deps.log.error('a serverless runner could not be started', {
        egg: row.egg_name,
        runnerId: row.id,
        error,
      });
    }
  }
}
