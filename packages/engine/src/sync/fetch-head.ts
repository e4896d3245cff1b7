import type { GitReader, NestCommit } from '@polar-gosling/ports/git';
import type { CallOptions } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';

/** The Nest's newest commit, fetched into this checkout with this deploy key where the remote wants one. */
export async function fetchHead(
  deps: Pick<InternalDeps, 'settings' | 'secrets'>,
  at: { readonly git: GitReader; readonly deployKey: string },
  options: CallOptions,
): Promise<NestCommit> {
  const { url, branch } = deps.settings.nest;
  const needsKey = !/^(https?|file):/.test(url);
  const deployKey = needsKey ? await deps.secrets.read(at.deployKey, options) : undefined;
  return at.git.fetch(
    { url, ...(branch === undefined ? {} : { branch }), ...(deployKey === undefined ? {} : { deployKey }) },
    options,
  );
}
