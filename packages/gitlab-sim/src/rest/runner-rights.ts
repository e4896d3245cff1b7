import { apiErrors } from '../errors.ts';
import type { SimContext } from '../sim-context.ts';
import { accessLevels, type Caller } from '../state/accounts.ts';
import { hasRole, roleInGroup } from '../state/lookup.ts';
import type { Runner } from '../state/runner.ts';

/** The runner of an id, if the caller may manage it: administrator, owner of its group, maintainer of a project. */
export function runnerFor(context: SimContext, caller: Caller, id: string | undefined): Runner {
  const runner = context.world.runners.get(Number(id));
  if (runner === undefined) throw apiErrors.notFound({ what: 'Runner' });
  if (!mayManage(context, caller, runner)) throw apiErrors.forbidden({ text: 'No access granted' });
  return runner;
}

export function mayManage({ world }: SimContext, { user }: Caller, runner: Runner): boolean {
  if (user.isAdmin) return true;
  const group = runner.groupId === undefined ? undefined : world.groups.get(runner.groupId);
  const groupRole = group && roleInGroup(world, user, group.path);
  if (groupRole !== undefined && accessLevels[groupRole] >= accessLevels.owner) return true;
  return [...runner.projectIds].some((id) => {
    const project = world.projects.get(id);
    return project !== undefined && hasRole(world, user, { project, role: 'maintainer' });
  });
}
