import { type Clock, isCoded } from '@polar-gosling/kernel';
import type { TofuTool } from '@polar-gosling/ports/tofu';
import {
  fetchTofu,
  type InstanceParts,
  pinnedTofu,
  releasePlatform,
  type TofuRelease,
} from '@polar-gosling/wiring';
import type { Environment } from '../config.ts';
import type { Stage } from '../ui/stage.ts';

/** The OpenTofu that is here, else the pinned one, fetched and compared with its SHA-256. */
export async function ensureTofu(
  at: {
    parts: InstanceParts;
    binDir: string;
    mirror: string | undefined;
    env: Environment;
    clock: Clock;
    stage: Stage;
  },
  signal: AbortSignal,
): Promise<TofuTool> {
  const { parts, stage } = at;
  try {
    return await parts.tofu.tool({ signal });
  } catch (error) {
    if (!isCoded(error, 'TOFU_MISSING')) throw error;
  }
  stage.note(`fetching OpenTofu ${pinnedTofu.version} …`);
  await fetchTofu({
    binDir: at.binDir,
    mirror: at.mirror,
    release: testRelease(at.env),
    environment: at.env,
    platform: process.platform,
    arch: process.arch,
    clock: at.clock,
    signal,
    onProgress: ({ receivedBytes, totalBytes }) => {
      const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(0);
      stage.note(
        `fetching OpenTofu ${pinnedTofu.version}: ${mib(receivedBytes)}${totalBytes ? ` of ${mib(totalBytes)}` : ''} MiB`,
      );
    },
  });
  return parts.tofu.tool({ signal });
}

/** `POLAR_TOFU_SHA256` (for tests only): the archive a test serves is none that OpenTofu released. */
function testRelease(env: Environment): TofuRelease {
  const sha256 = env['POLAR_TOFU_SHA256'];
  if (sha256 === undefined) return pinnedTofu;
  return { ...pinnedTofu, sha256: { [releasePlatform(process.platform, process.arch)]: sha256 } };
}
