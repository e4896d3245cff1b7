import { mkdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, codeOf, isCoded, sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import { type TofuCacheKind, type TofuCacheResult, tofuErrors } from '@polar-gosling/ports/tofu';
import { reasonOf } from '../binaries/download.ts';
import { withFileLock } from '../file-lock.ts';
import { releasePlatform } from '../pinned.ts';
import { fillProviders } from './fill-providers.ts';
import type { ProviderCacheDeps, ProviderRequest, ReadyProviders } from './filling.ts';
import { createLedger } from './ledger.ts';
import { needsHash, type ProviderNeed, readProviderNeeds } from './provider-needs.ts';

export interface ProviderCache {
  /**
   * Brings what the bundle needs to this host: nothing to do, from Blobs, or from the network, then into Blobs too.
   * Fails with TOFU_PROVIDERS. `ready`: absent where the bundle needs none. `cleared`: how often prepared modules were
   * thrown away.
   */
  prepare(
    request: ProviderRequest,
    options: CallOptions,
  ): Promise<{ ready?: ReadyProviders; cleared: number }>;
  clear(kind: TofuCacheKind, options: CallOptions): Promise<number>;
  use(cache: TofuCacheKind, result: TofuCacheResult): void;
}

/** Providers by lock file: `{dataDir}/tofu-providers/{sha256 of the lock file}`, complete or not there. */
export function createProviderCache(deps: ProviderCacheDeps): ProviderCache {
  const root = join(deps.dataDir, 'tofu-providers');
  const ledger = createLedger(deps);
  const platform = releasePlatform(process.platform, process.arch);
  const use: ProviderCache['use'] = (cache, result) => deps.onUse?.(cache, result);

  const provide = async (request: ProviderRequest, needs: readonly ProviderNeed[], options: CallOptions) => {
    const { moduleVersion } = request;
    const set = needsHash(needs, { moduleVersion, platform });
    const find = async () => {
      const { lockSha256, cleared } = await ledger.look(set, options);
      const ready =
        lockSha256 === undefined
          ? undefined
          : await findReady(join(root, lockSha256), lockSha256, deps.clock.now());
      return { cleared, ...(lockSha256 !== undefined && { lockSha256 }), ...(ready && { ready }) };
    };
    const found = await find();
    if (found.ready !== undefined) {
      use('providers', 'hit');
      return found;
    }
    const locked = { clock: deps.clock, waitMs: leftMs(deps.clock, request), signal: options.signal };
    await mkdir(root, { recursive: true, mode: 0o700 });
    return withFileLock(join(root, '.lock'), locked, async () => {
      const again = await find();
      if (again.ready !== undefined) {
        use('providers', 'hit');
        return again;
      }
      const { lockSha256 } = again;
      const filling = { ...deps, ...request, root, ledger, platform, needs, set, lockSha256, use };
      return { ...again, ready: await fillProviders(filling, options) };
    });
  };

  return {
    async prepare(request, options) {
      const needs = readProviderNeeds(request.files, request.tool.product);
      if (needs.length === 0) return { cleared: (await ledger.look(undefined, options)).cleared };
      try {
        return await provide(request, needs, options);
      } catch (error) {
        options.signal.throwIfAborted();
        if (isCoded(error) || codeOf(error) === undefined) throw error;
        // Of the file system: no room, not writable.
        const providers = needs.map(({ source }) => source).join(', ');
        throw tofuErrors.providers({ providers, reason: reasonOf(error) }, { cause: error });
      }
    },
    async clear(kind, options) {
      if (kind === 'providers') return clearProviders(deps, options);
      await ledger.clearModules(options);
      return 1;
    },
    use,
  };

  async function clearProviders({ blobs }: ProviderCacheDeps, options: CallOptions): Promise<number> {
    const removed = await ledger.clearProviders(options);
    for (const prefix of ['tofu-cache/terraform-plugins/', 'tofu-cache/locks/']) {
      for (const key of await blobs.list(prefix, 10_000, options)) await blobs.remove(key, options);
    }
    return removed;
  }
}

/** What lies here for a lock file; noted as used, so that it stays. */
async function findReady(
  folder: string,
  lockSha256: string,
  now: number,
): Promise<ReadyProviders | undefined> {
  const lock = await readFile(join(folder, 'lock.hcl'), 'utf8').catch(() => undefined);
  if (lock === undefined || sha256Hex(lock) !== lockSha256) return undefined;
  await utimes(folder, now / 1000, now / 1000).catch(() => undefined); // a matter of tidiness only
  return { lock, mirror: join(folder, 'mirror') };
}

function leftMs(clock: Clock, { hardEndAt }: ProviderRequest): number {
  return Math.max(0, hardEndAt - clock.now());
}
