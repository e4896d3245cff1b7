import { serverProject } from '@polar-gosling/domain';
import { toProblem } from '@polar-gosling/kernel';
import { gitlabErrors } from '@polar-gosling/ports/gitlab';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { noteProblem } from '../run/problems.ts';
import { nestBinding } from '../webhooks/handle.ts';
import { readCaCertificates } from './ca-file.ts';
import { ensureHook } from './ensure-hook.ts';
import { references } from './targets.ts';
import { ensureProjectRow } from './write-binding.ts';

/**
 * Binds the Nest's own project under the reserved name `nest`, so that a push of it syncs at once. Without an API token
 * for its server (or without a known project) the timer alone syncs, and status says so.
 */
export async function bindNest(deps: InternalDeps, options: CallOptions): Promise<void> {
  const note = (problem?: { code: string; detail: string }) =>
    noteProblem(deps, { egg: nestBinding, slot: 'hook', problem }, options);
  try {
    await note(await tryBindNest(deps, options));
  } catch (error) {
    const { code, detail } = toProblem(error);
    if (!options.signal.aborted) await note({ code, detail: `${detail}; until then ${byTimer}` });
    throw error;
  }
}

const byTimer = 'a push of the Nest is seen by the timer only, every 5 minutes';

/** What keeps it from being bound; `undefined`: it is, or polling needs no hook. */
async function tryBindNest(
  deps: InternalDeps,
  options: CallOptions,
): Promise<{ code: string; detail: string } | undefined> {
  const { project: at } = deps.settings.nest;
  const isOnDisk = deps.settings.nest.url.startsWith('file:') && at === undefined;
  // A Nest on this disk has no project to be told by: the timer is what there is.
  if (deps.settings.publicUrl === undefined || isOnDisk) return undefined;
  if (at === undefined) {
    const detail = `its project in GitLab cannot be told from its Git address: set GOSLING_NEST_GITLAB_URL; ${byTimer}`;
    return { code: 'NEST_UNKNOWN_PROJECT', detail };
  }
  const reference = references.apiToken(at.server, 'default');
  const token = await deps.secrets.read(reference, options);
  if (token === undefined) {
    const detail = `there is no API token for ${at.server}: gosling secret put ${reference}; ${byTimer}`;
    return { code: 'NEST_NO_API_TOKEN', detail };
  }
  const caPem = readCaCertificates(deps, { file: at.caFile, egg: nestBinding });
  const target = { url: at.url, token, ...(caPem === undefined ? {} : { caPem }) };
  const project = await deps.gitlab.reader.project(target, at.path, options);
  if (project === undefined) throw gitlabErrors.notFound({ server: at.server, what: `project ${at.path}` });
  const key = serverProject(at.server, project.id);
  const binding = { tags: [], run_untagged: false, via: 'project' };
  const row = { table: 'bindings', partition: key, sort: nestBinding } as const;
  await deps.store.commit([{ kind: 'update', key: row, set: binding, when: { kind: 'any' } }], options);
  await ensureProjectRow(deps, { key, path: project.pathWithNamespace }, options);
  await ensureHook(deps, { egg: nestBinding, project: { key }, target }, options);
  return undefined;
}
