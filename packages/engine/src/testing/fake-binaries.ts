import { sha256Hex } from '@polar-gosling/kernel';
import {
  type Binaries,
  type BinarySource,
  binaryErrors,
  type FetchProgress,
  type KeptBinary,
} from '@polar-gosling/ports/binaries';

export interface FakeBinaries extends Binaries {
  /** Versions that its source has. */
  readonly offered: string[];
  /** Which build of a version its source has now. */
  build: string;
  /** By SHA-256: what `read` gives. */
  readonly bytes: Map<string, Uint8Array>;
  readonly used: string[];
  /** What was told to stay, by each call of `tidy`. */
  readonly tidied: (readonly string[])[];
  readonly sources: BinarySource[];
  /** Fails the next calls of `install` with this. */
  failures: Error[];
  /** What goes on while something is fetched; at once where nothing does. */
  fetching(tell: (progress: FetchProgress) => void): Promise<void>;
}

/** Binaries as a model: what is offered can be installed, and remembers what was asked of it. */
export function createFakeBinaries(): FakeBinaries {
  const kept = new Set<string>();
  const fake: FakeBinaries = {
    platform: 'linux_amd64',
    offered: [],
    used: [],
    tidied: [],
    sources: [],
    failures: [],
    build: '',
    bytes: new Map(),
    async available() {
      return fake.offered;
    },
    fetching: async () => undefined,
    async install({ version, platform = 'linux_amd64', source }, { onProgress }) {
      fake.sources.push(source);
      await fake.fetching((progress) => onProgress?.(progress));
      const failure = fake.failures.shift();
      if (failure !== undefined) throw failure;
      if (!fake.offered.includes(version)) {
        throw binaryErrors.checksum({ what: 'OpenTofu', url: 'https://releases.test' });
      }
      const sha256 = sha256Hex(`${version} ${platform}${fake.build}`);
      const binary: KeptBinary = { version, platform, source: source.kind, sha256, provedBy: 'signature' };
      kept.add(sha256);
      return binary;
    },
    async ensure({ version, sha256 }) {
      return kept.has(sha256) ? `/bin/tofu-${version}+${sha256}` : undefined;
    },
    async read({ platform, sha256 }) {
      return platform === 'linux_amd64' ? fake.bytes.get(sha256) : undefined;
    },
    async use({ version }) {
      fake.used.push(version);
    },
    async tidy(builds) {
      fake.tidied.push(builds.map(({ version }) => version).toSorted());
    },
  };
  return fake;
}
