import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createStateEncryption } from '@polar-gosling/adapter-tofu';
import { createSystemClock } from '@polar-gosling/kernel';
import { openLocalSecrets } from '@polar-gosling/wiring';

/** The OpenTofu that tests run: POLAR_TOFU, the one the engine cache holds, `tofu` or `terraform` on PATH. */
export function findTestTofu(): string {
  const given = process.env['POLAR_TOFU'];
  const cache = process.env['POLAR_CACHE'] ?? join(homedir(), '.cache/polar-gosling');
  const cached = join(cache, 'bin/tofu-1.12.6');
  if (given) return given;
  if (existsSync(cached)) return cached;
  for (const name of ['tofu', 'terraform']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error('no OpenTofu and no terraform to test with: scripts/engines/get-tofu.sh builds one');
}

/** The state of an Egg's first shard as OpenTofu shows it, opened with the passphrases of the data directory. */
export async function showState(dataDir: string, egg: string): Promise<string> {
  const secrets = openLocalSecrets({ dataDir, clock: createSystemClock() });
  const encryption = await createStateEncryption(secrets)({ signal: AbortSignal.timeout(10_000) });
  const file = join(dataDir, 'tofu-states', egg, 'terraform.tfstate');
  return execFileSync(findTestTofu(), ['show', '-no-color', '-json', file], {
    encoding: 'utf8',
    env: { HOME: '/', TF_CLI_CONFIG_FILE: '/dev/null', TF_ENCRYPTION: encryption.reveal() },
  });
}
