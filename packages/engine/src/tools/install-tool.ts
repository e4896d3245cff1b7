import { toProblem, withRetries } from '@polar-gosling/kernel';
import type { Binaries, KeptBinary } from '@polar-gosling/ports/binaries';
import type { CallOptions, ToolVersionRow, Write } from '@polar-gosling/ports/store';
import { z } from 'zod';
import type { ToolKind } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { commitDecision } from '../rows/commit.ts';
import { getRow } from '../rows/read.ts';
import { auditWrite } from '../rows/writes.ts';
import { use } from './create-tools.ts';
import { createFetchProgress } from './fetch-progress.ts';
import { removeOldVersions } from './remove-old-versions.ts';
import { resolveSource } from './resolve-source.ts';
import { tableOf, versionId } from './version-rows.ts';

const plan = { attempts: 3, baseMs: 1_000, capMs: 10_000 };
const Kind = z.enum(['tofu', 'gosling']);
const Auth = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.enum(['bearer', 'token']), secretRef: z.string() }),
    z.object({ kind: z.literal('header'), name: z.string(), secretRef: z.string() }),
  ])
  .optional();
const Request = z.object({
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('github'), repository: z.string().optional(), auth: Auth }),
    z.object({ kind: z.literal('other'), url: z.string(), sha256: z.string(), auth: Auth }),
  ]),
  use: z.boolean(),
  trace: z.string().optional(),
});

/** Fetches what a `wanted` row asks for. What fails stays as a row that says why, until it is asked for again. */
export async function installTool(deps: InternalDeps, key: string, options: CallOptions): Promise<void> {
  const [kindText, id = ''] = key.split('#');
  const kind = Kind.parse(kindText);
  const row = await getRow(deps.store, { ...tableOf(kind), key: { partition: id } }, options);
  if (row?.state !== 'wanted') return;
  const request = Request.parse(row.request);
  try {
    const source = await resolveSource(deps, request.source, options);
    const wanted = { version: row.release, platform: row.platform, source };
    const kept = await fetch(deps, { kind, row, wanted }, options);
    await keep(deps, { kind, kept }, options);
    if (request.use) {
      const { version, sha256 } = kept;
      await use(deps, { actor: 'install', kind, version, sha256: [sha256], why: 'asked for' }, options);
    }
    await forget(deps, { kind, wanted: row }, options);
    await removeOldVersions(deps, kind, options);
  } catch (error) {
    if (options.signal.aborted) throw error;
    await fail(deps, { kind, row, error }, options);
  }
}

/** Fetches it; its row tells how much came. */
async function fetch(
  deps: InternalDeps,
  at: { kind: ToolKind; row: ToolVersionRow; wanted: Parameters<Binaries['install']>[0] },
  options: CallOptions,
): Promise<KeptBinary> {
  const { kind, row, wanted } = at;
  const progress = createFetchProgress(deps, { kind, id: row.version_id });
  try {
    return await withRetries(
      () => deps.binaries[kind].install(wanted, { ...options, onProgress: progress.note }),
      { plan, clock: deps.clock, ids: deps.ids, signal: options.signal },
    );
  } finally {
    await progress.close();
  }
}

/** The row of what is here. The wanted row stays until all it asked for is done, so that a crash repeats it. */
async function keep(
  deps: InternalDeps,
  at: { kind: ToolKind; kept: KeptBinary },
  options: CallOptions,
): Promise<void> {
  const { kind, kept } = at;
  const { table } = tableOf(kind);
  const partition = versionId(kept);
  const set = {
    release: kept.version,
    source: kept.source,
    platform: kept.platform,
    downloaded_at: new Date(deps.clock.now()).toISOString(),
    sha256_hash: kept.sha256,
    proved_by: kept.provedBy,
  };
  const before = await getRow(deps.store, { ...tableOf(kind), key: { partition } }, options);
  const details = {
    version: kept.version,
    platform: kept.platform,
    sha256: kept.sha256,
    proved_by: kept.provedBy,
  };
  const unit: Write[] = [
    {
      kind: 'update',
      key: { table, partition },
      set: { ...set, ...(before === undefined && { active: false }) },
      when: { kind: 'any' },
    },
    auditWrite(
      { actor: 'install', action: 'installed', resourceType: 'tool', resourceId: kind, details },
      deps,
    ),
  ];
  await deps.store.commit(unit, options);
  deps.log.info('a version was installed', { reason: `${kind} ${kept.version} ${kept.platform}` });
}

async function forget(
  deps: InternalDeps,
  at: { kind: ToolKind; wanted: ToolVersionRow },
  options: CallOptions,
): Promise<void> {
  const { kind, wanted } = at;
  const key = { table: tableOf(kind).table, partition: wanted.version_id };
  const traceOf = (row: ToolVersionRow) => Request.parse(row.request).trace;
  const decide = async () => {
    const row = await getRow(
      deps.store,
      { ...tableOf(kind), key: { partition: wanted.version_id } },
      options,
    );
    // Asked for again meanwhile: then it stays.
    const isOurs = row !== undefined && traceOf(row) === traceOf(wanted);
    const unit: Write[] = isOurs
      ? [{ kind: 'delete', key, when: { kind: 'version', version: row.version } }]
      : [];
    return { unit, result: undefined };
  };
  await commitDecision(deps.store, `the versions of ${kind}`, { ...options, decide });
}

async function fail(
  deps: InternalDeps,
  at: { kind: ToolKind; row: ToolVersionRow; error: unknown },
  options: CallOptions,
): Promise<void> {
  const { kind, row, error } = at;
  const { code, detail } = toProblem(error);
  const key = { table: tableOf(kind).table, partition: row.version_id };
  const set = { state: 'failed', problem: { code, detail, since: deps.clock.now() } };
  const details = { version: row.release, platform: row.platform, code };
  await deps.store.commit(
    [
      { kind: 'update', key, set, when: { kind: 'present' } },
      auditWrite(
        { actor: 'install', action: 'failed', resourceType: 'tool', resourceId: kind, details },
        deps,
      ),
    ],
    options,
  );
  deps.log.warn('a version could not be installed', { reason: `${kind} ${row.release}`, error });
}
