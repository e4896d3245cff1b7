import { join } from 'node:path';
import type { TofuWanted } from '@polar-gosling/ports/tofu';

/** What OpenTofu may inherit; all else of our environment stays here. */
const inherited = [
  'PATH',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

export type HostEnvironment = Readonly<Record<string, string | undefined>>;

/** The whole environment of OpenTofu in `runDir`. Proxies are its own to use; nothing of ours is in it. */
export function tofuEnvironment(host: HostEnvironment, runDir: string): Record<string, string> {
  return {
    ...pick(host),
    HOME: runDir,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    TF_DATA_DIR: join(runDir, '.terraform'),
    TF_CLI_CONFIG_FILE: join(runDir, 'tofu.rc'),
    CHECKPOINT_DISABLE: '1',
  };
}

/**
 * OpenTofu with built-in resources ends before its garbage matters: without collections a run takes a quarter less time,
 * and 85 MB where it took 80. Not for those of a cloud: its provider inherits this, and is large.
 */
export function heapOf(provider: TofuWanted['provider']): Record<string, string> {
  return provider === 'local' ? { GOGC: 'off', GOMEMLIMIT: '256MiB' } : {};
}

/** Enough to ask a binary for its version, without the user's own CLI configuration. */
export function versionEnvironment(host: HostEnvironment): Record<string, string> {
  return { ...pick(host), HOME: '/', TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' };
}

function pick(host: HostEnvironment): Record<string, string> {
  const known = inherited.flatMap((name) => {
    const value = host[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return { PATH: '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(known) };
}
