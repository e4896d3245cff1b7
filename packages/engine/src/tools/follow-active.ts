import type { CallOptions } from '@polar-gosling/ports/store';
import type { FollowedTofu, InternalDeps } from '../deps.ts';
import { ofPlatform } from './create-tools.ts';
import { readVersions } from './version-rows.ts';

const everyMs = 60_000;

export function nothingFollowed(): FollowedTofu {
  return { lookedAt: Number.NEGATIVE_INFINITY, sha256: undefined };
}

/**
 * Brings the active version of OpenTofu to this host before a run, and makes it the one that is run. Looks at most
 * once a minute. Without an active version nothing changes: what is found on the host is used.
 */
export async function followActiveTofu(deps: InternalDeps, options: CallOptions): Promise<void> {
  const { followed } = deps;
  const now = deps.clock.monotonic();
  if (now - followed.lookedAt < everyMs) return;
  const rows = ofPlatform(deps, 'tofu', await readVersions(deps, 'tofu', options));
  followed.lookedAt = now;
  const active = rows.find((row) => row.active);
  if (active?.sha256_hash === undefined || active.sha256_hash === followed.sha256) return;
  const binary = { version: active.release, sha256: active.sha256_hash };
  if ((await deps.binaries.tofu.ensure(binary, options)) === undefined) {
    deps.log.error('the active version of OpenTofu is nowhere; the one found here is used', {
      reason: `install it again: gosling tofu install ${active.release}`,
    });
    return;
  }
  await deps.binaries.tofu.use(active.release, options);
  followed.sha256 = active.sha256_hash;
}
