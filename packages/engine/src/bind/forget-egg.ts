import type { EggConfig } from '@polar-gosling/domain';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, EggConfigRow, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { forgetStateWrite } from '../reconcile/forget-state.ts';
import { getRow, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, memberWrite } from '../rows/writes.ts';
import { forgetPlans } from '../run/plan-in-force.ts';
import { ownerOf } from './ensure-hook.ts';
import { leaveProject, offerJob } from './leave-project.ts';
import { removeRegistration } from './retire-registrations.ts';
import { references } from './targets.ts';

/**
 * A removed Egg whose runners are gone: its hooks, registrations, bindings and rows go too, in this order. `waits`: it
 * still has runners, whose end wakes us; `busy`: a run or another Egg's bind must end first.
 */
export async function forgetEgg(
  deps: InternalDeps,
  egg: EggConfigRow,
  options: CallOptions & { trace: string },
): Promise<'done' | 'waits' | 'busy'> {
  const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg.name } }, options);
  if (members.some(({ item }) => item.startsWith('runner#'))) return 'waits';
  if (members.some(({ item }) => item.startsWith('run#'))) return 'busy';
  const config: EggConfig = egg.config;
  const inEgg = { index: 'egg_name', partition: egg.name };
  const bindings = await listAll(deps.store, { ...typed.bindings, query: inEgg }, options);
  for (const { server_project: key } of bindings) {
    if ((await handOverHook(deps, { egg, key }, options)) === 'waits') return 'busy';
    await leaveProject(deps, { egg: egg.name, config, key, isEggGone: true }, options);
  }

  const registrations = await listAll(deps.store, { ...typed.registrations, query: inEgg }, options);
  for (const row of registrations) await removeRegistration(deps, { egg: egg.name, config, row }, options);
  for (const { server } of config.scopes) {
    await deps.secrets.remove(references.webhookSecret(server, egg.name), options);
    await deps.secrets.remove(references.signingToken(server, egg.name), options);
  }
  await leaveJobs(deps, egg.name, options);
  await forgetPlans(deps, { egg: egg.name, members }, options);
  // A sync may have brought it back meanwhile: then it is bound anew.
  const isSame = { kind: 'version', version: egg.version } as const;
  const rows: Write[] = [
    { kind: 'delete', key: { table: 'egg_configs', partition: egg.name }, when: isSame },
    await forgetStateWrite(deps, egg.name, options),
    { kind: 'delete', key: { table: 'pins', partition: egg.name }, when: { kind: 'any' } },
  ];
  const details = { commit: egg.git_commit, why: 'it is not in the Nest any more and has no runner left' };
  rows.push(
    auditWrite({ actor: 'sync', action: 'forget', resourceType: 'egg', resourceId: egg.name, details }, deps),
  );
  if ((await deps.store.commit(rows, options)).kind === 'conflict') return 'busy';
  deps.log.info('an Egg was forgotten', { egg: egg.name });
  return 'done';
}

/** Its open jobs choose again among the Eggs that are left; none stays its demand. */
async function leaveJobs(
  deps: InternalDeps,
  egg: string,
  options: CallOptions & { trace: string },
): Promise<void> {
  const query = { index: 'open', partition: egg };
  for (const job of await listAll(deps.store, { ...typed.ciJobs, query }, options)) {
    await offerJob(deps, { job, followed: false }, options);
  }
  for (const { item } of await listAll(
    deps.store,
    { ...typed.eggMembers, query: { partition: egg } },
    options,
  )) {
    if (item.startsWith('job#')) await deps.store.commit([memberWrite(egg, item, undefined)], options);
  }
}

/** A hook that other Eggs of the project need gets the token of one of them before ours is forgotten. */
async function handOverHook(
  deps: InternalDeps,
  at: { egg: EggConfigRow; key: string },
  options: CallOptions & { trace: string },
): Promise<'done' | 'waits'> {
  if (deps.settings.publicUrl === undefined) return 'done';
  const project = await getRow(deps.store, { ...typed.projects, key: { partition: at.key } }, options);
  const next = await ownerOf(deps, at.key, options);
  if (project?.hook_owner !== at.egg.name || next === undefined || next === at.egg.name) return 'done';
  await deps.store.commit([outboxWrite({ kind: 'bind', key: next, trace: options.trace }, deps)], options);
  deps.queue.wake();
  return 'waits';
}
