import type { CallOptions, ToolVersionRow } from '@polar-gosling/ports/store';
import type { FollowedTofu, InternalDeps } from '../deps.ts';
import { ofPlatform } from './create-tools.ts';
import { readVersions } from './version-rows.ts';

const everyMs = 60_000;
const tidyEveryMs = 3_600_000;

export function nothingFollowed(): FollowedTofu {
  return { lookedAt: Number.NEGATIVE_INFINITY, tidiedAt: Number.NEGATIVE_INFINITY, sha256: undefined };
}

/**
 * Brings the active version of OpenTofu to this host before a run, and makes it the one that is run. Looks at most
 * once a minute, and removes once an hour what lies here and is no longer kept. Without an active version nothing
 * changes: what is found on the host is used.
 */
export async function followActiveTofu(deps: InternalDeps, options: CallOptions): Promise<void> {
  const { followed } = deps;
  const now = deps.clock.monotonic();
  if (now - followed.lookedAt < everyMs) return;
  const versions = await readVersions(deps, 'tofu', options);
  followed.lookedAt = now;
  await follow(deps, ofPlatform(deps, 'tofu', versions), options);
  if (now - followed.tidiedAt < tidyEveryMs) return;
  followed.tidiedAt = now;
  await tidy(deps, versions, options);
}

async function follow(
  deps: InternalDeps,
  rows: readonly ToolVersionRow[],
  options: CallOptions,
): Promise<void> {
  const { followed } = deps;
  const active = rows.find((row) => row.active);
  if (active?.sha256_hash === undefined || active.sha256_hash === followed.sha256) return;
  const binary = { version: active.release, sha256: active.sha256_hash };
  if ((await deps.binaries.tofu.ensure(binary, options)) === undefined) {
    deps.log.error('the active version of OpenTofu is nowhere; the one found here is used', {
      reason: `install it again: gosling tofu install ${active.release}`,
    });
    return;
  }
  await deps.binaries.tofu.use(binary, options);
  followed.sha256 = active.sha256_hash;
}

/** Each host has its own copies: whoever removed the row has removed only its own. */
async function tidy(
  deps: InternalDeps,
  tofuVersions: readonly ToolVersionRow[],
  options: CallOptions,
): Promise<void> {
  const agentVersions = await readVersions(deps, 'gosling', options);
  try {
    for (const [kind, rows] of [['tofu', tofuVersions] as const, ['gosling', agentVersions] as const]) {
      if (!rows.some((row) => row.active)) continue; // nothing is managed: what lies here was put here by somebody
      const builds = rows.flatMap(({ release: version, sha256_hash: sha256 }) =>
        sha256 === undefined ? [] : { version, sha256 },
      );
      await deps.binaries[kind].tidy(builds, options);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    deps.log.warn('old versions on this host could not be removed', { error });
  }
}
