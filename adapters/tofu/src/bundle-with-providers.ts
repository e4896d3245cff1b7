import { mkdir } from 'node:fs/promises';
import { type Clock, sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions, TofuRunRequest, TofuTool } from '@polar-gosling/ports/tofu';
import { readBundleSources } from './compute-module.ts';
import { openPreparedData, type PreparedData } from './prepare.ts';
import type { ProviderCache } from './providers/provider-cache.ts';
import { type Bundle, type RenderInput, renderBundle, renderSet } from './render.ts';
import type { StateBackend } from './state-place.ts';

export interface BundleParts {
  readonly dataDir: string;
  readonly computeDir: string;
  readonly hostMirror: string;
  readonly clock: Clock;
  readonly cache: ProviderCache | undefined;
  readonly launcher: RenderInput['launcher'];
}

/** The bundle of a run, its providers on this host, and what `init` made of such a bundle before. */
export async function bundleWithProviders(
  parts: BundleParts,
  at: { request: TofuRunRequest; tool: TofuTool; backend: StateBackend },
  options: CallOptions,
): Promise<{ bundle: Bundle; isLocked: boolean; prepared: PreparedData }> {
  const { dataDir, hostMirror, clock, cache, launcher } = parts;
  const { request, tool } = at;
  await mkdir(hostMirror, { recursive: true, mode: 0o700 });
  const sources = readBundleSources(request.wanted.provider, parts.computeDir);
  const input = { wanted: request.wanted, state: at.backend, providerMirror: hostMirror, launcher };
  const { files } = request.wanted;
  const render = (more: Partial<RenderInput>) =>
    files === undefined
      ? renderBundle(sources, { ...input, ...more })
      : renderSet(sources, { ...input, ...more }, files);
  const unlocked = render({});
  const needed = {
    ...{ files: unlocked.files, tool, moduleVersion: sources.module.version },
    ...{ hardEndAt: request.hardEndAt, onEvent: request.onEvent },
  };
  const { ready, cleared } = (await cache?.prepare(needed, options)) ?? nothingCached;
  const bundle = ready === undefined ? unlocked : render({ providerMirror: ready.mirror, lock: ready.lock });
  const key = sha256Hex(`${tool.sha256} ${bundle.initSha256}`);
  const prepared = await openPreparedData({ dataDir, clock }, cleared, key);
  return { bundle, isLocked: ready !== undefined, prepared: counted(prepared, cache) };
}

const nothingCached: Awaited<ReturnType<ProviderCache['prepare']>> = { cleared: 0 };

function counted(prepared: PreparedData, cache: ProviderCache | undefined): PreparedData {
  return {
    ...prepared,
    async restore(runDir) {
      const isRestored = await prepared.restore(runDir);
      cache?.use('modules', isRestored ? 'hit' : 'miss');
      return isRestored;
    },
  };
}
