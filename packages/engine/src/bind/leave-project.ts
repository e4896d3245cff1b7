import { type CiJobStatus, type EggConfig, isJobOver, splitServerProject } from '@polar-gosling/domain';
import { isCoded } from '@polar-gosling/kernel';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { BindingRow, CallOptions, CiJobRow, Write } from '@polar-gosling/ports/store';
import { applyJob, sightingOf, unfollowJob } from '../demand/apply-job.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow, listAll, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { ownerOf } from './ensure-hook.ts';
import { targetOf } from './targets.ts';

/** A delivery that GitLab sends again meanwhile still finds the earlier token. */
const earlierTokenMs = 60 * 60_000;
const lookedBack = 500;

interface Leaving {
  readonly egg: string;
  readonly config: EggConfig;
  /** The project's `server#id`. */
  readonly key: string;
  /** The Egg itself goes: no runner of it is left. */
  readonly isEggGone: boolean;
}

/**
 * Takes an Egg off a project: the last one takes the webhook along, and binding, project and token rows go after it;
 * where others stay, the webhook is theirs from now on. Its open jobs choose again; what nobody serves is not followed
 * any more. Safe to repeat.
 */
export async function leaveProject(
  deps: InternalDeps,
  at: Leaving,
  options: CallOptions & { trace: string },
): Promise<void> {
  const bindings = await listAll(deps.store, { ...typed.bindings, query: { partition: at.key } }, options);
  const others = bindings.filter(({ egg_name }) => egg_name !== at.egg);
  if (others.length === 0) await removeHook(deps, at, options);
  await deps.store.commit(await rowsToGo(deps, { ...at, others }, options), options);
  await leaveJobs(deps, { ...at, others }, options);
  await wakeOthers(deps, { ...at, others }, options);
}

async function removeHook(deps: InternalDeps, at: Leaving, options: CallOptions): Promise<void> {
  const { server, projectId } = splitServerProject(at.key);
  const project = await getRow(deps.store, { ...typed.projects, key: { partition: at.key } }, options);
  const hookId = project?.hook_id;
  if (hookId === undefined) return;
  const scope = at.config.scopes.find((one) => one.server === server);
  if (scope === undefined) {
    deps.log.warn('a webhook stays in GitLab: its Egg has nothing more on that server', {
      egg: at.egg,
      key: at.key,
    });
    return;
  }
  const target = await targetOf(deps, { egg: at.egg, scope }, options);
  try {
    await deps.gitlab.hooks.remove(target, { projectId, hookId }, options);
  } catch (error) {
    // The Egg's token is now one for its new projects: what it may not remove must not keep these from being bound.
    if (at.isEggGone || !isCoded(error) || error.retry !== 'never') throw error;
    deps.log.warn('a webhook stays in GitLab, which will switch it off', { egg: at.egg, key: at.key, error });
  }
}

async function rowsToGo(
  deps: InternalDeps,
  at: Leaving & { others: readonly BindingRow[] },
  options: CallOptions,
): Promise<Write[]> {
  const { egg, key } = at;
  const isLast = at.others.length === 0;
  const rows: Write[] = [
    { kind: 'delete', key: { table: 'bindings', partition: key, sort: egg }, when: { kind: 'any' } },
  ];
  if (isLast)
    rows.push({ kind: 'delete', key: { table: 'projects', partition: key }, when: { kind: 'any' } });
  const query = { index: 'server_project', partition: key };
  for (const token of await listAll(deps.store, { ...typed.webhookTokens, query }, options)) {
    if (token.egg_name !== egg) continue;
    const row = { table: 'webhook_tokens', partition: token.token_sha256, sort: key } as const;
    const until = deps.clock.now() + earlierTokenMs;
    rows.push(
      isLast
        ? { kind: 'delete', key: row, when: { kind: 'any' } }
        : { kind: 'update', key: row, set: { until }, when: { kind: 'present' } },
    );
  }
  return rows;
}

async function leaveJobs(
  deps: InternalDeps,
  at: Leaving & { others: readonly BindingRow[] },
  options: CallOptions & { trace: string },
): Promise<void> {
  const query = { partition: at.key, order: 'desc', limit: lookedBack } as const;
  const { items } = await listPage(deps.store, { ...typed.ciJobs, query }, options);
  const followed = at.others.length > 0 && !at.isEggGone;
  for (const job of items) {
    const isOurs = job.egg_name === at.egg || at.others.length === 0;
    if (isOurs) await offerJob(deps, { job, followed }, options);
  }
}

/** A pending job chooses again among the Eggs that are left; a running one that nobody follows is let go. */
export async function offerJob(
  deps: InternalDeps,
  at: { job: CiJobRow; followed: boolean },
  options: CallOptions & { trace: string },
): Promise<void> {
  const { job, followed } = at;
  if (job.open === undefined || isJobOver(job.status as CiJobStatus)) return; // our own word
  if (job.status === 'pending') await applyJob(deps, sightingOf(job), options);
  else if (!followed) await unfollowJob(deps, job, options);
}

/**
 * The next owner gives the webhook its own token. Whoever was bound while we removed the project's row makes it anew.
 */
async function wakeOthers(
  deps: InternalDeps,
  at: Leaving & { others: readonly BindingRow[] },
  options: CallOptions & { trace: string },
): Promise<void> {
  const project = await getRow(deps.store, { ...typed.projects, key: { partition: at.key } }, options);
  if (project !== undefined && project.hook_owner !== at.egg) return;
  const next = await ownerOf(deps, at.key, options);
  if (next === undefined) return;
  await deps.store.commit([outboxWrite({ kind: 'bind', key: next, trace: options.trace }, deps)], options);
  deps.queue.wake();
}
