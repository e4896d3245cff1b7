import type { Arch, ComputeSettings, EggConfig } from '@polar-gosling/domain';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { readVersions } from '../tools/version-rows.ts';

const archOf: Readonly<Record<string, Arch>> = { linux_amd64: 'amd64', linux_arm64: 'arm64' };

/** What an Egg's machines get from the installation: its clouds, and the agent in force that they fetch at boot. */
export async function computeFor(
  deps: InternalDeps,
  { cloud }: Pick<EggConfig, 'cloud'>,
  options: CallOptions,
): Promise<ComputeSettings> {
  const clouds = deps.settings.clouds ?? {};
  if (cloud.provider === 'local' || clouds[cloud.provider] === undefined) return clouds;
  const active = (await readVersions(deps, 'gosling', options)).filter((row) => row.active);
  const sums = active.flatMap(({ platform, sha256_hash: sha256 }) => {
    const arch = archOf[platform];
    return arch === undefined || sha256 === undefined ? [] : [[arch, sha256] as const];
  });
  const [first] = active;
  if (first === undefined || sums.length === 0) return clouds;
  return { ...clouds, gosling: { version: first.release, sha256: Object.fromEntries(sums) } };
}
