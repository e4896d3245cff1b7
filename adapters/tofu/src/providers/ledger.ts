import type { Clock } from '@polar-gosling/kernel';
import { type CallOptions, type RowKey, readRow, type Store, TofuCacheRow } from '@polar-gosling/ports/store';
import type { ProviderPackage } from './package-place.ts';

const table = 'tofu_cache';
/** Whoever died at a fetch is waited for no longer than this. */
const claimMs = 30_000;
const renewMs = 10_000;
const lookAgainMs = 1_000;

export interface KnownPackage extends ProviderPackage {
  readonly sha256: string;
}

/** What the bytes in Blobs must be. It stands in the store, so that who can write Blobs only cannot forge them. */
export interface Ledger {
  /** Hash of the lock file of these needs; how often prepared modules were cleared. */
  look(set: string | undefined, options: CallOptions): Promise<{ lockSha256?: string; cleared: number }>;
  listPackages(source: string, platform: string, options: CallOptions): Promise<readonly KnownPackage[]>;
  keepPackage(wanted: KnownPackage & { sizeBytes: number }, options: CallOptions): Promise<void>;
  keepLock(set: string, sha256: string, options: CallOptions): Promise<void>;
  /**
   * Of all that want to fetch the same, lets one do so; the others wait for it, and are answered `undefined` when it has
   * kept what it fetched. One that fails or dies is followed by another.
   */
  claiming<Result>(
    set: string,
    action: () => Promise<Result>,
    options: CallOptions,
  ): Promise<Result | undefined>;
  /** Forgets packages and locks; answers how many there were. */
  clearProviders(options: CallOptions): Promise<number>;
  /** What `init` made before is not used any more. */
  clearModules(options: CallOptions): Promise<void>;
}

const clearedModules = { table, partition: 'cleared', sort: 'modules' } as const satisfies RowKey;
const lockKey = (set: string) => ({ table, partition: 'lock', sort: set }) as const;

export function createLedger({ store, clock }: { store: Store; clock: Clock }): Ledger {
  const list = async (kind: TofuCacheRow['kind'], options: CallOptions) => {
    const rows: TofuCacheRow[] = [];
    let cursor: string | undefined;
    do {
      const query = { table, partition: kind, limit: 1000, ...(cursor !== undefined && { cursor }) } as const;
      const page = await store.list(query, options);
      rows.push(...page.items.map((row) => readRow(TofuCacheRow, table, row)));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return rows;
  };
  return {
    async look(set, options) {
      const keys = [clearedModules, ...(set === undefined ? [] : [lockKey(set)])];
      const [cleared, lock] = (await store.get(keys, options)).map(
        (row) => row && readRow(TofuCacheRow, table, row),
      );
      const sha256 = lock?.sha256;
      return { cleared: cleared?.times ?? 0, ...(sha256 !== undefined && { lockSha256: sha256 }) };
    },
    async listPackages(source, platform, options) {
      const rows = await list('package', options);
      return rows.flatMap(({ source: of, release: version, platform: on, sha256 }) =>
        of === source && on === platform && version !== undefined && sha256 !== undefined
          ? [{ source, version, platform, sha256 }]
          : [],
      );
    },
    async keepPackage({ source, version: release, platform, sha256, sizeBytes }, options) {
      const key = { table, partition: 'package', sort: `${source}#${release}#${platform}` } as const;
      const set = { source, release, platform, sha256, size_bytes: sizeBytes };
      await store.commit([{ kind: 'update', key, set, when: { kind: 'any' } }], options);
    },
    async keepLock(set, sha256, options) {
      const columns = { sha256, claimed_until: undefined };
      await store.commit(
        [{ kind: 'update', key: lockKey(set), set: columns, when: { kind: 'any' } }],
        options,
      );
    },
    claiming: (set, action, options) => claiming({ store, clock }, { set, action }, options),
    async clearProviders(options) {
      const rows = [...(await list('lock', options)), ...(await list('package', options))];
      for (const { kind, id } of rows) {
        const key = { table, partition: kind, sort: id } as const;
        await store.commit([{ kind: 'delete', key, when: { kind: 'any' } }], options);
      }
      return rows.length;
    },
    async clearModules(options) {
      await store.commit(
        [{ kind: 'update', key: clearedModules, add: { times: 1 }, when: { kind: 'any' } }],
        options,
      );
    },
  };
}

type Deps = { readonly store: Store; readonly clock: Clock };

async function claiming<Result>(
  deps: Deps,
  { set, action }: { set: string; action: () => Promise<Result> },
  options: CallOptions,
): Promise<Result | undefined> {
  if ((await claim(deps, set, options)) === 'kept') return undefined;
  const done = new AbortController();
  const renewing = renew(deps, set, done.signal);
  try {
    return await action();
  } catch (error) {
    const soon = { signal: AbortSignal.timeout(renewMs) };
    await setClaim(deps, { set, until: undefined }, soon).catch(() => undefined); // it ends by itself
    throw error;
  } finally {
    done.abort();
    await renewing;
  }
}

async function claim({ store, clock }: Deps, set: string, options: CallOptions): Promise<'claimed' | 'kept'> {
  const key = lockKey(set);
  for (;;) {
    const [found] = await store.get([key], options);
    const row = found && readRow(TofuCacheRow, table, found);
    if (row?.sha256 !== undefined) return 'kept';
    const now = clock.now();
    if ((row?.claimed_until ?? 0) <= now) {
      const when = row ? ({ kind: 'version', version: row.version } as const) : ({ kind: 'absent' } as const);
      const columns = { claimed_until: now + claimMs };
      const done = await store.commit([{ kind: 'update', key, set: columns, when }], options);
      if (done.kind === 'ok') return 'claimed';
    }
    await clock.sleep(lookAgainMs, options.signal);
  }
}

/** A claim that cannot be renewed ends; then two fetch, which costs time only. */
async function renew(deps: Deps, set: string, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await deps.clock.sleep(renewMs, signal);
      await setClaim(deps, { set, until: deps.clock.now() + claimMs }, { signal });
    }
  } catch {
    return; // done, or the store does not answer
  }
}

async function setClaim(
  { store }: Deps,
  { set, until }: { set: string; until: number | undefined },
  options: CallOptions,
): Promise<void> {
  const write = { kind: 'update', key: lockKey(set), set: { claimed_until: until } } as const;
  await store.commit([{ ...write, when: { kind: 'present' } }], options);
}
