import { sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions, ToolVersionRow, Write } from '@polar-gosling/ports/store';
import type { InstallRequest, ToolKind } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { toJson } from '../rows/writes.ts';

const tables = { tofu: typed.tofuVersions, gosling: typed.goslingVersions } as const;

type Wanted = Pick<InstallRequest, 'version' | 'source'> & { readonly platform: string };

export function tableOf(kind: ToolKind) {
  return tables[kind];
}

/** What did not end well is shown for so long. */
const unfinishedKeptMs = 7 * 86_400_000;

/** Every version of one program: few by nature. What did not end well for long is left out. */
export async function readVersions(
  deps: InternalDeps,
  kind: ToolKind,
  options: CallOptions,
): Promise<ToolVersionRow[]> {
  const rows = await listAll(deps.store, { ...tableOf(kind), query: {} }, options);
  return rows.filter((row) => !isForgotten(row, deps.clock.now()));
}

/** Removes what `readVersions` leaves out, and what failed of the version that is asked for again, from any source. */
export async function forgetWrites(
  deps: InternalDeps,
  request: InstallRequest & { platform: string },
  options: CallOptions,
): Promise<Write[]> {
  const { kind, version, platform } = request;
  const rows = await listAll(deps.store, { ...tableOf(kind), query: {} }, options);
  return rows
    .filter((row) => {
      const isSame = row.release === version && row.platform === platform && row.state === 'failed';
      return row.version_id !== wantedId(request) && (isSame || isForgotten(row, deps.clock.now()));
    })
    .slice(0, 20)
    .map(({ version_id: partition, version: seen }) => ({
      kind: 'delete',
      key: { table: tableOf(kind).table, partition },
      when: { kind: 'version', version: seen },
    }));
}

function isForgotten({ state, updated_at: at }: ToolVersionRow, now: number): boolean {
  return state !== undefined && now - at > unfinishedKeptMs;
}

/** The key of a version that is here: the same bytes of the same version and source are one row. */
export function versionId(binary: { sha256: string; version: string; source: string }): string {
  return sha256Hex(binary.sha256 + binary.version + binary.source);
}

/** The key of a version that is not here yet: asked for twice from one place, it is one row. */
export function wantedId({ version, platform, source }: Wanted): string {
  const place = source.kind === 'github' ? (source.repository ?? '') : source.url;
  return sha256Hex(`wanted ${version} ${platform} ${source.kind} ${place}`);
}

/**
 * The row of a version that a worker shall fetch. No secret stands in it, only its reference. `trace` tells what is
 * asked for again from what was.
 */
export function wantedWrite(request: InstallRequest & { platform: string }, trace: string): Write {
  const row = {
    version_id: wantedId(request),
    release: request.version,
    source: request.source.kind,
    platform: request.platform,
    active: false,
    state: 'wanted',
    request: toJson({ source: request.source, use: request.use, trace }),
  };
  return { kind: 'put', table: tableOf(request.kind).table, row, when: { kind: 'any' } };
}

/** Versions in the order they were in use, latest first; those that never were are left out. */
export function byUse(rows: readonly ToolVersionRow[]): ToolVersionRow[] {
  return rows
    .filter(({ activated_at: at, state }) => at !== undefined && state === undefined)
    .toSorted((a, b) => (b.activated_at ?? 0) - (a.activated_at ?? 0));
}
