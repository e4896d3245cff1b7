import { type EggConfig, splitServerProject } from '@polar-gosling/domain';
import { sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions, ProjectRow, Row, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import type { BoundProject } from './bound-project.ts';

const sweepBuckets = 16;

/**
 * The binding and the project's row: before any hook is made, so that no event finds them absent. `new`: the binding is
 * another than before, or the project was never swept.
 */
export async function writeBinding(
  deps: InternalDeps,
  at: { egg: string; config: EggConfig; project: BoundProject },
  options: CallOptions,
): Promise<'new' | 'same'> {
  const { egg, config, project } = at;
  const { key, wanted } = project;
  const { projectId } = splitServerProject(key);
  const repo = config.scopes.find(
    (scope) => scope.server === wanted.server && scope.scopeId === projectId,
  )?.repo;
  const binding: Row = {
    repo: repo ?? wanted.at.repo,
    tags: [...config.runner.tags],
    run_untagged: config.runner.runUntagged,
    via: wanted.scope,
    registration_id: wanted.id,
  };
  const written = await updateWhereDifferent(deps, { key, sort: egg, set: binding }, options);
  const row = await ensureProjectRow(deps, { key, path: project.project.pathWithNamespace }, options);
  return row?.last_swept_at === undefined ? 'new' : written;
}

/** Writes nothing when the row already says so: binds are repeated often. */
async function updateWhereDifferent(
  deps: InternalDeps,
  at: { key: string; sort: string; set: Row },
  options: CallOptions,
): Promise<'new' | 'same'> {
  const key = { partition: at.key, sort: at.sort };
  const before = await getRow(deps.store, { ...typed.bindings, key }, options);
  const old: Readonly<Record<string, unknown>> = before ?? {};
  const isSame =
    before !== undefined &&
    Object.entries(at.set).every(([column, value]) => JSON.stringify(old[column]) === JSON.stringify(value));
  if (isSame) return 'same';
  const write: Write = {
    kind: 'update',
    key: { table: 'bindings', ...key },
    set: at.set,
    when: { kind: 'any' },
  };
  await deps.store.commit([write], options);
  return 'new';
}

/** The project's row; answers it as it was. Safe to repeat. */
export async function ensureProjectRow(
  deps: InternalDeps,
  at: { key: string; path: string },
  options: CallOptions,
): Promise<ProjectRow | undefined> {
  const { server } = splitServerProject(at.key);
  const now = deps.clock.now();
  const before = await getRow(deps.store, { ...typed.projects, key: { partition: at.key } }, options);
  if (before?.path_with_namespace === at.path) return before;
  const naming = { path_with_namespace: at.path, path: `${server}#${at.path.toLowerCase()}` };
  const bucket = String(Number.parseInt(sha256Hex(at.key).slice(0, 2), 16) % sweepBuckets);
  const write: Write = before
    ? { kind: 'update', key: { table: 'projects', partition: at.key }, set: naming, when: { kind: 'any' } }
    : {
        kind: 'put',
        table: 'projects',
        row: {
          server_project: at.key,
          ...naming,
          has_signing_token: false,
          checked_at: 0,
          sweep_bucket: bucket,
          next_sweep_at: now + deps.settings.sweepEveryMs,
        },
        when: { kind: 'absent' },
      };
  await deps.store.commit([write], options);
  return before;
}
