import { binaryErrors } from '@polar-gosling/ports/binaries';
import type { ToolVersionRow } from '@polar-gosling/ports/store';
import type { ToolKind } from '../api/tools.ts';
import { byUse } from './version-rows.ts';

/** A release, and which of its builds, by the first digits of their SHA-256. */
export interface Chosen {
  readonly version: string;
  readonly sha256: readonly string[];
}

/**
 * What comes into use: one build of the release for each platform that it is here for. Where there are several, the
 * named one; one that is in use already stays where only another platform's is named. Pure. Fails with
 * BINARY_UNKNOWN_VERSION, BINARY_AMBIGUOUS.
 */
export function chooseBuilds(
  rows: readonly ToolVersionRow[],
  { kind, version, sha256 }: Chosen & { readonly kind: ToolKind },
): readonly ToolVersionRow[] {
  const here = rows.filter(({ state, release }) => state === undefined && release === version);
  const missing = sha256.find((sum) => !here.some((row) => isNamed(row, [sum])));
  if (here.length === 0) throw binaryErrors.unknownVersion({ what: kind, version });
  if (missing !== undefined)
    throw binaryErrors.unknownVersion({ what: kind, version: `${version} ${missing}` });
  return [...Map.groupBy(here, ({ platform }) => platform).values()].map((builds) => {
    const named = builds.filter((row) => isNamed(row, sha256));
    const active = sha256.length === 0 ? [] : builds.filter((row) => row.active);
    const candidates = [named, active].find(({ length }) => length > 0) ?? builds;
    const [first, ...others] = candidates.toSorted(compareRows);
    if (first !== undefined && others.every((row) => row.sha256_hash === first.sha256_hash)) return first;
    throw ambiguous(kind, version, candidates);
  });
}

/**
 * What was in use before the active builds, and is here for all of their platforms: a machine that boots finds its
 * agent after a rollback too. `ours`: the rows that this platform's workers can run. Pure.
 */
export function chooseBefore(
  rows: readonly ToolVersionRow[],
  ours: readonly ToolVersionRow[],
): Chosen | undefined {
  const active = ours.filter((row) => row.active);
  const isActive = (row: ToolVersionRow) =>
    active.some((one) => one.platform === row.platform && one.sha256_hash === row.sha256_hash);
  const last = byUse(ours).find(
    (row) =>
      !isActive(row) &&
      active.every(({ platform }) =>
        ours.some((one) => one.release === row.release && one.platform === platform),
      ),
  );
  if (last === undefined) return undefined;
  const used = byUse(rows).filter(({ release }) => release === last.release);
  const builds = [...Map.groupBy(used, ({ platform }) => platform).values()];
  const thenOf = (of: readonly ToolVersionRow[]) =>
    of.find((row) => (row.activated_at ?? 0) <= (last.activated_at ?? 0)) ?? of[0];
  const sums = builds.map((of) => (of.includes(last) ? last : thenOf(of))?.sha256_hash ?? '');
  return { version: last.release, sha256: sums };
}

function isNamed({ sha256_hash: hash }: ToolVersionRow, sha256: readonly string[]): boolean {
  return sha256.some((sum) => hash?.startsWith(sum.toLowerCase()));
}

/** The same bytes from two sources are one build: the row in use, else the one that came last. */
function compareRows(a: ToolVersionRow, b: ToolVersionRow): number {
  return Number(b.active) - Number(a.active) || (b.downloaded_at ?? '').localeCompare(a.downloaded_at ?? '');
}

function ambiguous(kind: ToolKind, version: string, rows: readonly ToolVersionRow[]) {
  const short = ({ sha256_hash: hash = '' }: ToolVersionRow) => hash.slice(0, 12);
  const builds = rows.map((row) => `${short(row)} (${row.platform}, ${row.source}, ${row.downloaded_at})`);
  const of = kind === 'gosling' ? ' --of gosling' : '';
  const example = rows.slice(0, 1).map(short).join('');
  const fix = `gosling tofu use ${version}${of} --sha256 ${example}`;
  return binaryErrors.ambiguous({ what: kind, version, builds: builds.join(', '), fix });
}
