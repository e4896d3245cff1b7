import type { CiConfig } from '../ci/ci-config.ts';
import { parseCiYaml } from '../ci/parse-ci-yaml.ts';
import { simErrors } from '../errors.ts';
import type { GitlabSim, Members } from '../gitlab-sim.ts';
import type { SimContext } from '../sim-context.ts';
import type { Access, Group, User } from '../state/accounts.ts';
import { findGroup, findProject, findUser } from '../state/lookup.ts';
import { namespaceOf, type Project, zeroSha } from '../state/project.ts';

type AccountActions = Pick<GitlabSim, 'addUser' | 'addToken' | 'addGroup' | 'addProject' | 'setCiYaml'>;

/** Makes users, tokens, groups and projects. */
export function accountActions(context: SimContext): AccountActions {
  const { world, clock, ids } = context;
  return {
    addUser({ username, name, isAdmin }) {
      if (findUser(world, username)) throw simErrors.taken({ what: 'user', name: username });
      const user: User = {
        id: world.nextId('user'),
        username,
        name: name ?? username,
        email: `${username}@example.com`,
        isAdmin: isAdmin ?? false,
      };
      world.users.set(user.id, user);
      return user;
    },
    addToken({ user, scopes, name, expiresAtMs }) {
      const value = `glpat-${ids.token(15)}`;
      world.tokens.set(value, {
        id: world.nextId('token'),
        value,
        name: name ?? 'token',
        userId: userOf(context, user).id,
        scopes,
        createdAtMs: clock.now(),
        expiresAtMs,
        lastUsedAtMs: undefined,
      });
      return value;
    },
    addGroup: ({ path, members }) => {
      const group = ensureGroup(context, path);
      for (const [id, role] of membersOf(context, members)) group.members.set(id, role);
      return { id: group.id };
    },
    addProject: (project) => ({ id: addProject(context, project).id }),
    setCiYaml: (projectId, text) => {
      projectOf(context, projectId).ci = readCiYaml(text);
    },
  };
}

export function projectOf(context: SimContext, id: number): Project {
  const project = context.world.projects.get(id);
  if (project === undefined) throw simErrors.unknown({ what: 'project', id });
  return project;
}

export function userOf(context: SimContext, nameOrId: string | number): User {
  const user = findUser(context.world, nameOrId);
  if (user === undefined) throw simErrors.unknown({ what: 'user', id: nameOrId });
  return user;
}

function addProject(context: SimContext, wanted: Parameters<GitlabSim['addProject']>[0]): Project {
  const { world, clock } = context;
  if (findProject(world, wanted.path)) throw simErrors.taken({ what: 'project', name: wanted.path });
  if (!/^[\w.-]+(\/[\w.-]+)+$/.test(wanted.path)) {
    throw simErrors.badArgument({ problem: `a project path is group/project, not "${wanted.path}"` });
  }
  const defaultBranch = wanted.defaultBranch ?? 'main';
  const nowMs = clock.now();
  const project: Project = {
    id: world.nextId('project'),
    path: wanted.path,
    groupId: ensureGroup(context, namespaceOf(wanted.path)).id,
    defaultBranch,
    protectedBranches: new Set(wanted.isProtected === false ? [] : [defaultBranch]),
    gitSshUrl: wanted.gitSshUrl,
    gitHttpUrl: wanted.gitHttpUrl,
    members: new Map(membersOf(context, wanted.members)),
    createdAtMs: nowMs,
    heads: new Map(),
    ci: wanted.ciYaml === undefined ? undefined : readCiYaml(wanted.ciYaml),
  };
  project.heads.set(defaultBranch, {
    sha: newSha(context),
    title: 'Initial commit',
    authorName: 'Administrator',
    authorEmail: 'root@example.com',
    atMs: nowMs,
  });
  world.projects.set(project.id, project);
  return project;
}

/** A made-up commit id; never the one that means "none". */
export function newSha(context: SimContext): string {
  const hex = Buffer.from(context.ids.token(40)).toString('hex').slice(0, 40);
  return hex === zeroSha ? newSha(context) : hex;
}

function readCiYaml(text: string): CiConfig {
  const parsed = parseCiYaml(text);
  if (parsed.kind === 'invalid') throw simErrors.ciYamlInvalid({ problems: parsed.problems.join('; ') });
  return parsed.config;
}

function ensureGroup(context: SimContext, path: string): Group {
  const known = findGroup(context.world, path);
  if (known) return known;
  const parent = namespaceOf(path);
  if (parent !== '') ensureGroup(context, parent);
  const group: Group = { id: context.world.nextId('group'), path, members: new Map() };
  context.world.groups.set(group.id, group);
  return group;
}

function membersOf(context: SimContext, members: Members | undefined): [number, Access][] {
  return Object.entries(members ?? {}).map(([name, role]) => [userOf(context, name).id, role]);
}
