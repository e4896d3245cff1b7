import { tofuErrors } from '@polar-gosling/ports/tofu';
import type { BundleSources } from './compute-module.ts';
import type { RunnerEntry } from './runner-entry-schema.ts';
import { renderTemplate } from './templates.ts';

const defaultUser = 'gosling';

/** The user data of a VM's entry; `undefined` where there is no agent that it could fetch. */
export function renderCloudInit(sources: BundleSources, entry: RunnerEntry): string | undefined {
  if (entry.gosling === undefined) return undefined;
  const { cloudInit } = sources;
  // Its name has no `.yaml`: minijinja would escape every value of such a template once more.
  return renderTemplate('cloud-init', cloudInit.template, {
    executor: entry.executor ?? 'shell',
    ssh_user: entry.ssh_user ?? defaultUser,
    ssh_public_keys: entry.ssh_public_keys ?? [],
    bootstrap_token: entry.bootstrap_token,
    fetch_script: cloudInit.fetchScript,
    unit: cloudInit.unit,
    runner_env: environmentFile({
      GOSLING_URL: entry.gosling_url.replace(/\/+$/, ''),
      RUNNER_ID: entry.runner_id,
      EGG_NAME: entry.egg_name,
      AGENT_VERSION: entry.gosling.version,
      AGENT_SHA256: entry.gosling.sha256,
      AGENT_ARCH: entry.arch ?? 'amd64',
    }),
  });
}

/** As systemd reads it. A line break or NUL cannot be said there, and none of these may have one. */
function environmentFile(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    if (/[\u0000-\u001f\u007f]/.test(value)) {
      throw tofuErrors.planFailed({ summary: `${name} of a machine has a control character`, detail: '' });
    }
    return `${name}="${value.replace(/["\\`$]/g, (one) => `\\${one}`)}"`;
  });
  return `${lines.join('\n')}\n`;
}
