import type { CiConfig } from '../ci/ci-config.ts';
import type { Access } from './accounts.ts';

export interface Project {
  readonly id: number;
  /** The whole path, `group/project`. */
  readonly path: string;
  readonly groupId: number;
  readonly defaultBranch: string;
  /** Branches whose jobs a `ref_protected` runner takes. */
  readonly protectedBranches: ReadonlySet<string>;
  readonly gitSshUrl: string | undefined;
  readonly gitHttpUrl: string | undefined;
  readonly members: Map<number, Access>;
  readonly createdAtMs: number;
  /** Newest commit by branch. */
  readonly heads: Map<string, Commit>;
  ci: CiConfig | undefined;
}

export interface Commit {
  readonly sha: string;
  readonly title: string;
  readonly authorName: string;
  readonly authorEmail: string;
  readonly atMs: number;
}

export interface DeployKey {
  readonly id: number;
  readonly projectId: number;
  title: string;
  readonly key: string;
  readonly fingerprint: string;
  canPush: boolean;
  readonly createdAtMs: number;
  readonly expiresAt: string | null;
}

export const zeroSha = '0'.repeat(40);

/** The last part of a path: GitLab's `path` of a project. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Everything before the last part: the namespace. */
export function namespaceOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
