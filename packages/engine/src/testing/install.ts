import { sha256Hex } from '@polar-gosling/kernel';
import type { CallOptions } from '@polar-gosling/ports/store';
import { bindEgg } from '../bind/bind-egg.ts';
import { syncNest } from '../sync/sync-nest.ts';
import { readNestRow } from '../sync/write-nest.ts';
import type { ControlPlane } from './control-plane.ts';
import type { HookEvent } from './gitlab-model.ts';

/** The options of a use case that a test calls directly. */
export const direct: CallOptions & { trace: string } = {
  signal: new AbortController().signal,
  trace: 'test',
};

/** Commits these files as the Nest, syncs, and binds every Egg; no worker is needed for it. */
export async function install(plane: ControlPlane, files: Readonly<Record<string, string>>): Promise<string> {
  const commit = plane.git.commit(files);
  await syncNest(plane.deps, direct);
  const nest = await readNestRow(plane.deps, direct);
  for (const egg of nest?.eggs ?? []) await bindEgg(plane.deps, egg, direct);
  return commit;
}

/** What ingest is called with for an event that GitLab sent. */
export function requestOf(event: HookEvent) {
  return { tokenSha256: sha256Hex(event.token), ...event };
}
