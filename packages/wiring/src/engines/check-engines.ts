import type { Masker } from '@polar-gosling/kernel';
import type { SelfCheck } from '@polar-gosling/ports/secrets';
import { checkSecrets, openSecrets } from '../open-secrets.ts';
import { blobStores, type EngineDeps, queues, type StoreLogin, schemeOf, stores } from './registry.ts';
import type { EngineSettings } from './settings.ts';

export type EnginePart = 'store' | 'queue' | 'blobs' | 'secrets';
type CheckDeps = EngineDeps & Pick<StoreLogin, 'yandexAt'> & { readonly masker: Masker };

/** The self-check of what stands behind one of the ports of state. */
export function checkEngine(
  part: EnginePart,
  settings: EngineSettings,
  deps: CheckDeps,
): Promise<readonly SelfCheck[]> {
  const { queue, blobs, secrets } = settings;
  const checks = {
    store: () => checkStore(settings, deps),
    queue: () => queues[queue.kind].check(queue, deps),
    blobs: () => blobStores[schemeOf(blobs)].check(blobs, deps),
    secrets: () => checkSecrets({ ...deps, settings: secrets }, { signal: deps.signal }),
  };
  return checks[part]();
}

async function checkStore({ store, secrets: place }: EngineSettings, deps: CheckDeps) {
  const secrets = openSecrets({ ...deps, settings: place });
  return stores[store.kind].check(store, { ...deps, secrets }).finally(() => secrets.close());
}
