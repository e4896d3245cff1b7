import { serverProject } from '@polar-gosling/domain';
import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { nestBinding } from '../webhooks/handle.ts';
import { ensureHook } from './ensure-hook.ts';
import { references } from './targets.ts';
import { ensureProjectRow } from './write-binding.ts';

/**
 * Binds the Nest's own project under the reserved name `nest`, so that a push of it syncs at once. Without an API token
 * for its server (or without a known project) the timer alone syncs: `skipped`.
 */
export async function bindNest(deps: InternalDeps, options: CallOptions): Promise<'bound' | 'skipped'> {
  const { project: at } = deps.settings.nest;
  if (at === undefined || deps.settings.publicUrl === undefined) return 'skipped';
  const token = await deps.secrets.read(references.apiToken(at.server, 'default'), options);
  if (token === undefined) return 'skipped';
  const caPem = at.caFile === undefined ? undefined : deps.readCaFile(at.caFile);
  const target = { url: at.url, token, ...(caPem === undefined ? {} : { caPem }) };
  const project = await deps.gitlab.reader.project(target, at.path, options);
  if (project === undefined) throw gitlabErrors.notFound({ server: at.server, what: `project ${at.path}` });
  const key = serverProject(at.server, project.id);
  const binding = { tags: [], run_untagged: false, via: 'project' };
  const row = { table: 'bindings', partition: key, sort: nestBinding } as const;
  await deps.store.commit([{ kind: 'update', key: row, set: binding, when: { kind: 'any' } }], options);
  await ensureProjectRow(deps, { key, path: project.pathWithNamespace }, options);
  await ensureHook(deps, { egg: nestBinding, project: { key }, target }, options);
  return 'bound';
}
