import { type EggConfig, eggName, serverProject } from '@polar-gosling/domain';
import { isCoded, toProblem } from '@polar-gosling/kernel';
import { type GitlabProject, gitlabErrors } from '@polar-gosling/ports/gitlab';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, EggConfigRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { withLease } from '../leases/lease.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { noteProblem } from '../run/problems.ts';
import type { BoundProject } from './bound-project.ts';
import { ensureHook } from './ensure-hook.ts';
import { ensureRegistration } from './ensure-registration.ts';
import { forgetEgg } from './forget-egg.ts';
import { registrationsOf, type WantedRegistration } from './registrations-of.ts';
import { targetOf } from './targets.ts';
import { writeBinding } from './write-binding.ts';

/**
 * Brings GitLab to what an Egg's configuration says: registrations, bindings, webhooks. A draining Egg without members
 * is forgotten instead. `busy`: somebody else is at it, or something must end first.
 */
export async function bindEgg(
  deps: InternalDeps,
  name: string,
  options: CallOptions & { trace: string },
): Promise<'done' | 'busy'> {
  const at = { name: `bind/${name}`, watch: deps.watch, signal: options.signal };
  const outcome = await withLease(deps, at, async (lease) => {
    const inner = { ...options, signal: lease.signal };
    const egg = await getRow(deps.store, { ...typed.eggConfigs, key: { partition: name } }, inner);
    if (egg === undefined) return 'done';
    if (egg.status === 'draining') return forgetEgg(deps, egg, inner);
    await reportProblem(deps, { egg: name, signal: inner.signal }, () => bindActive(deps, egg, inner));
    return 'done';
  });
  return outcome.kind === 'busy' || outcome.result === 'busy' ? 'busy' : 'done';
}

async function bindActive(
  deps: InternalDeps,
  egg: EggConfigRow,
  options: CallOptions & { trace: string },
): Promise<void> {
  const config: EggConfig = egg.config;
  const bound: BoundProject[] = [];
  for (const wanted of registrationsOf(config)) {
    const target = await targetOf(deps, { egg: egg.name, scope: wanted.at }, options);
    const projects = await projectsOf(deps, { wanted, target }, options);
    await ensureRegistration(deps, { egg: egg.name, config, wanted, target }, options);
    bound.push(
      ...projects.map((project) => ({ key: serverProject(wanted.server, project.id), project, wanted })),
    );
  }
  for (const project of bound) await writeBinding(deps, { egg: egg.name, config, project }, options);
  await dropBindings(deps, { egg: egg.name, keep: new Set(bound.map(({ key }) => String(key))) }, options);
  for (const project of bound) {
    const target = await targetOf(deps, { egg: egg.name, scope: project.wanted.at }, options);
    await ensureHook(deps, { egg: egg.name, project, target }, options);
    // Jobs that waited before we knew the project: look now.
    await deps.store.commit(
      [outboxWrite({ kind: 'sweep', key: project.key, trace: options.trace }, deps)],
      options,
    );
  }
  deps.queue.wake();
}

async function projectsOf(
  deps: InternalDeps,
  at: { wanted: WantedRegistration; target: Parameters<InternalDeps['gitlab']['reader']['project']>[0] },
  options: CallOptions,
): Promise<readonly GitlabProject[]> {
  const { wanted, target } = at;
  if (wanted.scope === 'group') {
    const projects = await deps.gitlab.reader.groupProjects(target, wanted.scopeId, options);
    if (projects === undefined)
      throw gitlabErrors.notFound({ server: wanted.server, what: `group ${wanted.scopeId}` });
    return projects;
  }
  const found: GitlabProject[] = [];
  for (const id of [wanted.scopeId, ...wanted.alsoProjects]) {
    const project = await deps.gitlab.reader.project(target, id, options);
    if (project === undefined) throw gitlabErrors.notFound({ server: wanted.server, what: `project ${id}` });
    found.push(project);
  }
  return found;
}

/** Bindings of projects that the Egg no longer names. */
async function dropBindings(
  deps: InternalDeps,
  at: { egg: string; keep: ReadonlySet<string> },
  options: CallOptions,
): Promise<void> {
  const query = { index: 'egg_name', partition: at.egg };
  for (const row of await listAll(deps.store, { ...typed.bindings, query }, options)) {
    if (at.keep.has(row.server_project)) continue;
    const key = { table: 'bindings', partition: row.server_project, sort: row.egg_name } as const;
    await deps.store.commit(
      [{ kind: 'delete', key, when: { kind: 'version', version: row.version } }],
      options,
    );
  }
}

/** What hinders the binding is shown on the Egg until it works. */
async function reportProblem(
  deps: InternalDeps,
  at: { egg: string; signal: AbortSignal },
  action: () => Promise<void>,
): Promise<void> {
  const egg = eggName(at.egg);
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    await action();
    await noteProblem(deps, { egg, slot: 'gitlab' }, options);
  } catch (error) {
    if (isCoded(error, 'LEASE_LOST') || at.signal.aborted) throw error;
    const { code, detail } = toProblem(error);
    await noteProblem(deps, { egg, slot: 'gitlab', problem: { code, detail } }, options);
    throw error;
  }
}
