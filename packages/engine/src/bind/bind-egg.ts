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
import { leaveProject } from './leave-project.ts';
import { registrationsOf, type WantedRegistration } from './registrations-of.ts';
import { retireRegistrations } from './retire-registrations.ts';
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
    return reportProblem(deps, { egg: name, signal: inner.signal }, async () => {
      if (egg.status === 'draining') return forgetEgg(deps, egg, inner);
      await bindActive(deps, egg, inner);
      return 'done';
    });
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
  const fresh = new Set<string>();
  for (const project of bound) {
    const written = await writeBinding(deps, { egg: egg.name, config, project }, options);
    if (written === 'new') fresh.add(project.key);
  }
  const keep = new Set<string>(bound.map(({ key }) => key));
  await leaveOthers(deps, { egg: egg.name, config, keep }, options);
  await retireRegistrations(deps, { egg: egg.name, config }, options);
  for (const project of bound) {
    const target = await targetOf(deps, { egg: egg.name, scope: project.wanted.at }, options);
    const { webhookSecret } = project.wanted.at;
    await ensureHook(deps, { egg: egg.name, project, target, webhookSecret }, options);
    if (fresh.has(project.key)) await sweepNow(deps, project.key, options);
  }
}

/** Jobs may have waited before we knew the project, or may now match by other tags. */
async function sweepNow(
  deps: InternalDeps,
  key: string,
  options: CallOptions & { trace: string },
): Promise<void> {
  await deps.store.commit([outboxWrite({ kind: 'sweep', key, trace: options.trace }, deps)], options);
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

/** Projects that the Egg no longer names. */
async function leaveOthers(
  deps: InternalDeps,
  at: { egg: string; config: EggConfig; keep: ReadonlySet<string> },
  options: CallOptions & { trace: string },
): Promise<void> {
  const { egg, config } = at;
  const query = { index: 'egg_name', partition: egg };
  for (const { server_project: key } of await listAll(deps.store, { ...typed.bindings, query }, options)) {
    if (!at.keep.has(key)) await leaveProject(deps, { egg, config, key, isEggGone: false }, options);
  }
}

/** What hinders the binding is shown on the Egg until it works. */
async function reportProblem<Result>(
  deps: InternalDeps,
  at: { egg: string; signal: AbortSignal },
  action: () => Promise<Result>,
): Promise<Result> {
  const egg = eggName(at.egg);
  const options = { signal: AbortSignal.timeout(10_000) };
  try {
    const result = await action();
    await noteProblem(deps, { egg, slot: 'gitlab' }, options);
    return result;
  } catch (error) {
    if (isCoded(error, 'LEASE_LOST') || at.signal.aborted) throw error;
    const { code, detail } = toProblem(error);
    await noteProblem(deps, { egg, slot: 'gitlab', problem: { code, detail } }, options);
    throw error;
  }
}
