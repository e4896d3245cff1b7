import type { EggConfig } from '@polar-gosling/domain';
import { isCoded } from '@polar-gosling/kernel';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, RegistrationRow } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite } from '../rows/writes.ts';
import { registrationsOf } from './registrations-of.ts';
import { scopeOf, targetOf } from './targets.ts';

/** How soon to look again whether the last runner of a registration has gone. */
const lookAgainMs = 60_000;

interface OfEgg {
  readonly egg: string;
  readonly config: EggConfig;
}

/** Takes from GitLab what the Egg's configuration no longer names, once no runner carries it. */
export async function retireRegistrations(
  deps: InternalDeps,
  at: OfEgg,
  options: CallOptions & { trace: string },
): Promise<void> {
  const wanted = new Set<string>(registrationsOf(at.config).map(({ id }) => id));
  const query = { index: 'egg_name', partition: at.egg };
  const all = await listAll(deps.store, { ...typed.registrations, query }, options);
  const rows = all.filter(({ id }) => !wanted.has(id));
  if (rows.length === 0) return;
  const carried = await carriedRegistrations(deps, at.egg, options);
  for (const row of rows) if (!carried.has(row.id)) await tryToRemove(deps, { ...at, row }, options);
  if (rows.every(({ id }) => !carried.has(id))) return;
  const again = { kind: 'bind', key: at.egg, trace: options.trace, delayMs: lookAgainMs } as const;
  await deps.store.commit([outboxWrite(again, deps)], options);
}

/** What the Egg's token may not remove (it is one for its new projects) must not keep these from being bound. */
async function tryToRemove(
  deps: InternalDeps,
  at: OfEgg & { row: RegistrationRow },
  options: CallOptions,
): Promise<void> {
  try {
    await removeRegistration(deps, at, options);
  } catch (error) {
    if (!isCoded(error) || error.retry !== 'never') throw error;
    deps.log.warn('a GitLab runner that its Egg no longer names could not be removed', {
      egg: at.egg,
      server: at.row.server,
      error,
    });
  }
}

/** Removes one from GitLab, then its token, then its row. Safe to repeat. */
export async function removeRegistration(
  deps: InternalDeps,
  at: OfEgg & { row: RegistrationRow },
  options: CallOptions,
): Promise<void> {
  const { egg, config, row } = at;
  const scope = scopeOf(config, row);
  if (scope === undefined) {
    // Its number means another runner on every other server.
    deps.log.warn('a GitLab runner stays: its Egg has nothing more on that server', {
      egg,
      server: row.server,
      reason: `GitLab runner ${row.gitlab_runner_id}`,
    });
  } else {
    const target = await targetOf(deps, { egg, scope }, options);
    await deps.gitlab.runners.remove(target, row.gitlab_runner_id, options);
  }
  await deps.secrets.remove(row.token_ref, options);
  const details = { egg, gitlabRunnerId: row.gitlab_runner_id, why: 'its Egg no longer names it' };
  await deps.store.commit(
    [
      { kind: 'delete', key: { table: 'registrations', partition: row.id }, when: { kind: 'any' } },
      auditWrite(
        { actor: 'bind', action: 'unregister', resourceType: 'registration', resourceId: row.id, details },
        deps,
      ),
    ],
    options,
  );
}

async function carriedRegistrations(
  deps: InternalDeps,
  egg: string,
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg } }, options);
  const keys = members.flatMap(({ item }) =>
    item.startsWith('runner#') ? [{ partition: item.slice('runner#'.length) }] : [],
  );
  const runners = await getRows(deps.store, { ...typed.runners, keys }, options);
  return new Set(runners.map(({ registration_id }) => registration_id));
}
