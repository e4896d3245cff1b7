/** Roles with GitLab's numbers. */
export const accessLevels = { guest: 10, reporter: 20, developer: 30, maintainer: 40, owner: 50 } as const;
export type Access = keyof typeof accessLevels;

export const tokenScopes = [
  'api',
  'read_api',
  'read_user',
  'create_runner',
  'manage_runner',
  'read_repository',
  'write_repository',
  'self_rotate',
] as const;
export type TokenScope = (typeof tokenScopes)[number];

export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly isAdmin: boolean;
}

export interface AccessToken {
  readonly id: number;
  readonly value: string;
  readonly name: string;
  readonly userId: number;
  readonly scopes: readonly TokenScope[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  lastUsedAtMs: number | undefined;
}

export interface Group {
  readonly id: number;
  /** The whole path, `parent/child`. */
  readonly path: string;
  /** Role by user id; inherited by everything below. */
  readonly members: Map<number, Access>;
}

/** The person behind a request, with what the token allows. */
export interface Caller {
  readonly user: User;
  readonly token: AccessToken;
}
