import { splitServerProject } from '@polar-gosling/domain';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { readNestRow } from '../sync/write-nest.ts';

/** Of a server that says nothing of a limit. */
const assumedPerMinute = 600;
/** The other half is for jobs and people that wait. */
const sweepShare = 0.5;
const countEveryMs = 60_000;
const minuteMs = 60_000;

/**
 * How often the projects of a server are swept. Where webhooks reach us: as set. In poll mode the sweep is all there
 * is, so it comes as often as half the rate that GitLab allows us lets it, but not more often than is set.
 */
export async function sweepIntervalMs(
  deps: InternalDeps,
  server: string,
  options: CallOptions,
): Promise<number> {
  const { publicUrl, sweepEveryMs } = deps.settings;
  if (publicUrl !== undefined) return sweepEveryMs;
  const projects = (await countedProjects(deps, options)).get(server) ?? 0;
  const perMinute = deps.gitlab.pace?.perMinute(server) ?? assumedPerMinute;
  return Math.max(sweepEveryMs, Math.ceil((projects / (perMinute * sweepShare)) * minuteMs));
}

/** Bound projects by server; counted once a minute at most. */
async function countedProjects(
  deps: InternalDeps,
  options: CallOptions,
): Promise<ReadonlyMap<string, number>> {
  const { counted } = deps.bound;
  if (counted && deps.clock.monotonic() - counted.at < countEveryMs) return counted.byServer;
  const projects = new Set<string>();
  for (const egg of (await readNestRow(deps, options))?.eggs ?? []) {
    const query = { index: 'egg_name', partition: egg };
    for (const row of await listAll(deps.store, { ...typed.bindings, query }, options)) {
      projects.add(row.server_project);
    }
  }
  const byServer = new Map<string, number>();
  for (const project of projects) {
    const { server } = splitServerProject(project);
    byServer.set(server, (byServer.get(server) ?? 0) + 1);
  }
  deps.bound.counted = { at: deps.clock.monotonic(), byServer };
  return byServer;
}
