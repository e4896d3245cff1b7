import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const identity = {
  GIT_AUTHOR_NAME: 'Goose',
  GIT_AUTHOR_EMAIL: 'goose@example.test',
  GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
  GIT_COMMITTER_NAME: 'Goose',
  GIT_COMMITTER_EMAIL: 'goose@example.test',
  GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
};

export interface LocalNest extends Disposable {
  /** The whole playground: `work` is the repository, the rest is free for tests. */
  readonly dir: string;
  readonly path: string;
  readonly url: string;
  git(...args: readonly string[]): string;
  /** Writes files below the repository without committing. */
  write(files: Readonly<Record<string, string | Buffer>>): void;
  /** Commits everything, with the files given, and names the commit. */
  commit(files?: Readonly<Record<string, string | Buffer>>): string;
}

/** A repository with a work tree, made by the system's Git without this machine's settings. */
export function makeLocalNest(options: { branch?: string } = {}): LocalNest {
  const dir = mkdtempSync(join(tmpdir(), 'nest-'));
  const path = join(dir, 'work');
  mkdirSync(path);
  const env = {
    ...identity,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALLOW_PROTOCOL: 'file',
  };
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: path, env, encoding: 'utf8', stdio: 'pipe' }).trim();
  const write = (files: Readonly<Record<string, string | Buffer>>) => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    }
  };
  git('init', '--quiet', `--initial-branch=${options.branch ?? 'main'}`);
  return {
    dir,
    path,
    url: `file://${path}`,
    git,
    write,
    commit(files = {}) {
      write(files);
      git('add', '--all', '--force');
      git('commit', '--quiet', '--allow-empty', '--message', 'change');
      return git('rev-parse', 'HEAD');
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
