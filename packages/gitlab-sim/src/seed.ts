import { simErrors } from './errors.ts';
import type { GitlabSim, Members } from './gitlab-sim.ts';
import { isObject } from './http/fields.ts';
import { type Access, accessLevels, type TokenScope, tokenScopes } from './state/accounts.ts';

/** Ids and tokens of what a seed file made, by the names it used. */
export interface Seeded {
  readonly users: Readonly<Record<string, number>>;
  readonly tokens: Readonly<Record<string, string>>;
  readonly groups: Readonly<Record<string, number>>;
  readonly projects: Readonly<Record<string, number>>;
}

/**
 * Fills a simulator from seed JSON:
 * `{users: [{username, admin?}], groups: [{path, members?}], projects: [{path, ci_yaml?, members?, …}],
 * tokens: [{name, user, scopes, expires_at?}]}`. Every key must be known.
 */
export function applySeed(sim: GitlabSim, seed: unknown): Seeded {
  const root = new SeedReader('', seed);
  const users = root.list('users').map((user) => {
    const made = sim.addUser({ username: user.text('username'), isAdmin: user.flag('admin') });
    user.end();
    return [made.username, made.id] as const;
  });
  const groups = root.list('groups').map((group) => {
    const path = group.text('path');
    const { id } = sim.addGroup({ path, members: group.members() });
    group.end();
    return [path, id] as const;
  });
  const projects = root.list('projects').map((project) => {
    const path = project.text('path');
    const { id } = sim.addProject({
      path,
      members: project.members(),
      isProtected: project.flag('protected', true),
      ...project.optional('ci_yaml', (ciYaml) => ({ ciYaml })),
      ...project.optional('default_branch', (defaultBranch) => ({ defaultBranch })),
      ...project.optional('git_ssh_url', (gitSshUrl) => ({ gitSshUrl })),
      ...project.optional('git_http_url', (gitHttpUrl) => ({ gitHttpUrl })),
    });
    project.end();
    return [path, id] as const;
  });
  const tokens = root.list('tokens').map((token) => {
    const name = token.text('name');
    const value = sim.addToken({ name, user: token.text('user'), scopes: token.scopes(), ...token.expiry() });
    token.end();
    return [name, value] as const;
  });
  root.end();
  return {
    users: Object.fromEntries(users),
    tokens: Object.fromEntries(tokens),
    groups: Object.fromEntries(groups),
    projects: Object.fromEntries(projects),
  };
}

/** Reads one object of the seed; complains with the path of what is wrong. */
class SeedReader {
  readonly #path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(path: string, value: unknown) {
    this.#path = path;
    if (!isObject(value)) throw simErrors.badSeed({ path: path || 'root', problem: 'should be an object' });
    this.#values = value;
  }

  list(key: string): SeedReader[] {
    const value = this.#take(key) ?? [];
    if (!Array.isArray(value)) throw this.#bad(key, 'should be a list');
    return value.map((item, index) => new SeedReader(`${this.#path}${key}[${index}].`, item));
  }

  text(key: string): string {
    const value = this.#take(key);
    if (typeof value === 'string' && value !== '') return value;
    throw this.#bad(key, 'should be a text');
  }

  optional<Fields extends object>(key: string, toFields: (text: string) => Fields): Partial<Fields> {
    return this.#values[key] === undefined ? {} : toFields(this.text(key));
  }

  flag(key: string, usual = false): boolean {
    const value = this.#take(key) ?? usual;
    if (typeof value === 'boolean') return value;
    throw this.#bad(key, 'should be true or false');
  }

  members(): Members {
    const value = this.#take('members') ?? {};
    if (!isObject(value)) throw this.#bad('members', 'should be an object');
    return Object.fromEntries(
      Object.entries(value).map(([name, role]) => {
        if (!isAccess(role)) throw this.#bad(`members.${name}`, `is one of ${Object.keys(accessLevels)}`);
        return [name, role];
      }),
    );
  }

  scopes(): TokenScope[] {
    const value = this.#take('scopes');
    if (Array.isArray(value) && value.every(isScope)) return value;
    throw this.#bad('scopes', `should be a list of ${tokenScopes.join(', ')}`);
  }

  expiry(): { readonly expiresAtMs?: number } {
    if (this.#values['expires_at'] === undefined) return {};
    const expiresAtMs = Date.parse(this.text('expires_at'));
    if (Number.isNaN(expiresAtMs)) throw this.#bad('expires_at', 'should be a time');
    return { expiresAtMs };
  }

  end(): void {
    const unknown = Object.keys(this.#values).find((key) => !this.#read.has(key));
    if (unknown !== undefined) throw this.#bad(unknown, 'is unknown');
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.#values[key];
  }

  #bad(key: string, problem: string) {
    return simErrors.badSeed({ path: `${this.#path}${key}`, problem });
  }
}

function isAccess(value: unknown): value is Access {
  return typeof value === 'string' && Object.hasOwn(accessLevels, value);
}

function isScope(value: unknown): value is TokenScope {
  return tokenScopes.some((scope) => scope === value);
}
