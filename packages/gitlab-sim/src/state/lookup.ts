import { apiErrors } from '../errors.ts';
import { type Access, accessLevels, type Caller, type Group, type User } from './accounts.ts';
import type { Job } from './job.ts';
import { namespaceOf, type Project } from './project.ts';
import type { World } from './world.ts';

/** The project of an id or a whole path, if the caller may see it and has the role; else GitLab's refusal. */
export function projectFor(world: World, caller: Caller, wanted: { id: string; role: Access }): Project {
  const project = findProject(world, wanted.id);
  const role = project && roleIn(world, caller.user, project);
  if (project === undefined || role === undefined) throw apiErrors.notFound({ what: 'Project' });
  if (accessLevels[role] < accessLevels[wanted.role]) throw apiErrors.forbidden({});
  return project;
}

/** The same for a group. */
export function groupFor(world: World, caller: Caller, wanted: { id: string; role: Access }): Group {
  const group = findGroup(world, wanted.id);
  const role = group && roleInGroup(world, caller.user, group.path);
  if (group === undefined || role === undefined) throw apiErrors.notFound({ what: 'Group' });
  if (accessLevels[role] < accessLevels[wanted.role]) throw apiErrors.forbidden({});
  return group;
}

/** The job of a path parameter, inside its project. */
export function jobIn(world: World, project: Project, id: string): Job {
  const job = world.jobs.get(Number(id));
  if (job === undefined || job.projectId !== project.id) throw apiErrors.notFound({ what: '' });
  return job;
}

export function findProject(world: World, id: string | number): Project | undefined {
  return (
    world.projects.get(Number(id)) ?? [...world.projects.values()].find((project) => project.path === id)
  );
}

export function findGroup(world: World, id: string | number): Group | undefined {
  return world.groups.get(Number(id)) ?? [...world.groups.values()].find((group) => group.path === id);
}

export function findUser(world: World, id: string | number): User | undefined {
  return world.users.get(Number(id)) ?? [...world.users.values()].find((user) => user.username === id);
}

/** The highest role of a user in a project, its own or inherited; administrators own everything. */
export function roleIn(world: World, user: User, project: Project): Access | undefined {
  return highest([project.members.get(user.id), roleInGroup(world, user, namespaceOf(project.path))]);
}

export function roleInGroup(world: World, user: User, path: string): Access | undefined {
  if (user.isAdmin) return 'owner';
  const roles = [...world.groups.values()]
    .filter((group) => path === group.path || path.startsWith(`${group.path}/`))
    .map((group) => group.members.get(user.id));
  return highest(roles);
}

/** Does the user have at least this role? */
export function hasRole(world: World, user: User, wanted: { project: Project; role: Access }): boolean {
  const role = roleIn(world, user, wanted.project);
  return role !== undefined && accessLevels[role] >= accessLevels[wanted.role];
}

function highest(roles: readonly (Access | undefined)[]): Access | undefined {
  return roles
    .filter((role) => role !== undefined)
    .toSorted((a, b) => accessLevels[b] - accessLevels[a])
    .at(0);
}
