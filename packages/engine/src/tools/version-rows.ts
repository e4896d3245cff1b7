import { sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions, ToolVersionRow, Write } from '@polar-gosling/ports/store';
import type { InstallRequest, ToolKind } from '../api/tools.ts';
import type { InternalDeps } from '../deps.ts';
import { listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { toJson } from '../rows/writes.ts';

const tables = { tofu: typed.tofuVersions, gosling: typed.goslingVersions } as const;

export function tableOf(kind: ToolKind) {
  return tables[kind];
}

/** Every version of one program: few by nature. */
export function readVersions(
  deps: InternalDeps,
  kind: ToolKind,
  options: CallOptions,
): Promise<ToolVersionRow[]> {
  return listAll(deps.store, { ...tableOf(kind), query: {} }, options);
}

/** The key of a version that is here: the same bytes of the same version and source are one row. */
export function versionId(binary: { sha256: string; version: string; source: string }): string {
  return sha256Hex(binary.sha256 + binary.version + binary.source);
}

/** The key of a version that is not here yet: asked for twice, it is one row. */
export function wantedId(request: { version: string; platform: string; source: { kind: string } }): string {
  return sha256Hex(`wanted ${request.version} ${request.platform} ${request.source.kind}`);
}

/** The row of a version that a worker shall fetch. No secret stands in it, only its reference. */
export function wantedWrite(request: InstallRequest & { platform: string }): Write {
  const row = {
    version_id: wantedId(request),
    release: request.version,
    source: request.source.kind,
    platform: request.platform,
    active: false,
    state: 'wanted',
    request: toJson({ source: request.source, use: request.use }),
  };
  return { kind: 'put', table: tableOf(request.kind).table, row, when: { kind: 'any' } };
}

/** Versions in the order they were in use, latest first; those that never were are left out. */
export function byUse(rows: readonly ToolVersionRow[]): ToolVersionRow[] {
  return rows
    .filter(({ activated_at: at, state }) => at !== undefined && state === undefined)
    .toSorted((a, b) => (b.activated_at ?? 0) - (a.activated_at ?? 0));
}
