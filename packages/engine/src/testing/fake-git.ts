import { type GitReader, gitErrors, type NestFile } from '@polar-gosling/ports/git';

type Files = Readonly<Record<string, string>>;

interface Commit {
  readonly files: Files;
  readonly parent: string | undefined;
}

export interface FakeGit {
  readonly reader: GitReader;
  /** Commits these files as the whole Nest and names the commit. `onto`: another parent, as a forced push has. */
  commit(files: Files, onto?: { readonly parent: string | undefined }): string;
}

const mostBytes = 1 << 20;

function fileOf(path: string, text: string): NestFile {
  return text.length > mostBytes ? { path, text: '', sizeBytes: text.length } : { path, text };
}

/** A Nest's history in memory. */
export function createFakeGit(clock: { now(): number }): FakeGit {
  const commits = new Map<string, Commit>();
  let head: string | undefined;
  return {
    commit(files, onto) {
      const id = (commits.size + 1).toString(16).padStart(40, 'c');
      commits.set(id, { files, parent: onto ? onto.parent : head });
      head = id;
      return id;
    },
    reader: {
      async fetch({ url }) {
        if (head === undefined) throw gitErrors.emptyRepository({ url, branch: 'main' });
        return { commit: head, branch: 'main', committedAt: clock.now() };
      },
      async readFlyFiles(commit) {
        const entries = Object.entries(commits.get(commit)?.files ?? {});
        return { files: entries.map(([path, text]) => fileOf(path, text)), leftOut: [] };
      },
      async isAncestor(ancestor, commit) {
        for (let at: string | undefined = commit; at !== undefined; at = commits.get(at)?.parent) {
          if (at === ancestor) return 'yes';
        }
        return commits.has(ancestor) ? 'no' : 'unknown';
      },
    },
  };
}
