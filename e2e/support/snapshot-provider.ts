import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtProviders } from '../../adapters/tofu/src/test-bench.ts';
import { root } from './world.ts';

const sources = { aws: 'hashicorp/aws', yandex: 'yandex-cloud/yandex' } as const;

export const noSnapshotMirrorReason = 'no Go to build the provider of the snapshots with';

/** Providers with the documented schemas; `undefined` where they cannot be built. */
export function findSnapshotMirror(): string | undefined {
  return builtProviders('get-snapshot-providers.sh');
}

export interface SnapshotProvider {
  // biome-ignore lint/suspicious/noExplicitAny: values of whatever resource was made
  asked(type: string): any[];
  /** SHA-256 of what its environment had under the names of `keys`, joined by colons. */
  keySha256(): string;
  /** Names of what it had by environment. */
  environmentNames(): string;
}

/**
 * The snapshot's provider of a cloud where an instance looks for it; notes in `notes` what it is asked for, and by which
 * environment. `answers`: where a made-up value is not enough.
 */
export function installSnapshotProvider(at: {
  cloud: 'aws' | 'yandex';
  mirror: string;
  dataDir: string;
  notes: string;
  answers: Readonly<Record<string, string>>;
  keys: readonly string[];
}): SnapshotProvider {
  const { cloud, mirror, notes } = at;
  const source = join('registry.opentofu.org', sources[cloud]);
  const [version = ''] = readdirSync(join(mirror, source));
  const [platform = ''] = readdirSync(join(mirror, source, version));
  const [program = ''] = readdirSync(join(mirror, source, version, platform));
  const file = join(source, version, platform, program);
  const target = join(at.dataDir, 'providers', file);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const script = [
    '#!/bin/sh',
    `env | cut -d= -f1 | sort -u > ${notes}/names`,
    `printf %s "${at.keys.map((name) => `$${name}`).join(':')}" | sha256sum | cut -c1-64 > ${notes}/key`,
    `export SNAPSHOT_SCHEMA=${root}adapters/tofu/testdata/provider-schemas/${cloud}.json`,
    `export SNAPSHOT_LOG=${notes}/asked`,
    `export SNAPSHOT_VALUES='${JSON.stringify(at.answers)}'`,
    `exec ${join(mirror, file)} "$@"`,
  ];
  writeFileSync(target, `${script.join('\n')}\n`);
  chmodSync(target, 0o755);
  return {
    asked(type) {
      const lines = readIfThere(join(notes, 'asked'))
        .split('\n')
        .filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line)).filter((one) => one.type === type);
    },
    keySha256: () => readIfThere(join(notes, 'key')).trim(),
    environmentNames: () => readIfThere(join(notes, 'names')),
  };
}

export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
