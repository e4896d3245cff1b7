import type { Masker } from '@polar-gosling/kernel';
import type { SelfCheck } from '@polar-gosling/ports/secrets';
import { checkSecrets } from '../open-secrets.ts';
import { blobStores, type EngineDeps, queues, schemeOf, stores } from './registry.ts';
import type { EngineSettings } from './settings.ts';

export type EnginePart = 'store' | 'queue' | 'blobs' | 'secrets';

/** The self-check of what stands behind one of the ports of state. */
export function checkEngine(
  part: EnginePart,
  settings: EngineSettings,
  deps: EngineDeps & { readonly masker: Masker },
): Promise<readonly SelfCheck[]> {
  const { store, queue, blobs, secrets } = settings;
  const checks = {
    store: () => stores[store.kind].check(store, deps),
    queue: () => queues[queue.kind].check(queue, deps),
    blobs: () => blobStores[schemeOf(blobs)].check(blobs, deps),
    secrets: () => checkSecrets({ ...deps, settings: secrets }, { signal: deps.signal }),
  };
  return checks[part]();
}
