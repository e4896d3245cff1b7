import { defaultUglyFox, type UglyFoxConfig } from '@polar-gosling/domain';
import { readNest } from '@polar-gosling/nest';
import type { GitReader } from '@polar-gosling/ports/git';
import type { CallOptions } from '@polar-gosling/ports/store';
import { references } from '../bind/targets.ts';
import type { InternalDeps } from '../deps.ts';
import { getRow, listPage } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { fetchHead } from '../sync/fetch-head.ts';
import { uglyFoxFile } from '../sync/write-nest.ts';

/**
 * The policies of the last sync; where UglyFox has a checkout of its own, those of the Nest's newest commit. What it
 * cannot read by itself, or what has errors, leaves the synced ones in force.
 */
export async function readPolicies(
  deps: InternalDeps,
  at: { readonly commit: string },
  options: CallOptions,
): Promise<UglyFoxConfig> {
  const { policiesGit: git } = deps;
  const own = git === undefined ? undefined : await readOwn(deps, { git, inForce: at.commit }, options);
  if (own !== undefined) return own;
  const row = await getRow(deps.store, { ...typed.eggConfigs, key: { partition: 'uf' } }, options);
  return row?.config ?? defaultUglyFox;
}

async function readOwn(
  deps: InternalDeps,
  { git, inForce }: { git: GitReader; inForce: string },
  options: CallOptions,
): Promise<UglyFoxConfig | undefined> {
  const { isEmbedded: embedded, environment } = deps.settings;
  try {
    const head = await fetchHead(deps, { git, deployKey: references.uglyFoxDeployKey }, options);
    if (await isWaiting(deps, { git, inForce, commit: head.commit }, options)) return undefined;
    const { files } = await git.readFlyFiles(head.commit, options);
    const read = readNest(files, { embedded, ...(environment === undefined ? {} : { environment }) });
    const isBad = read.perFile.some(({ path, ok }) => path === uglyFoxFile && !ok);
    return isBad ? undefined : (read.uglyfox ?? defaultUglyFox);
  } catch (error) {
    if (options.signal.aborted) throw error;
    deps.log.warn('UglyFox could not read the Nest; the policies of the last sync are in force', { error });
    return undefined;
  }
}

/** A commit that rewinds the branch, or that a sync holds back, changes nothing until a person lets it through. */
async function isWaiting(
  deps: InternalDeps,
  at: { git: GitReader; inForce: string; commit: string },
  options: CallOptions,
): Promise<boolean> {
  if (at.commit === at.inForce) return false;
  if ((await at.git.isAncestor(at.inForce, at.commit, options)) !== 'yes') return true;
  const query = { partition: 'nest', order: 'desc', limit: 1 } as const;
  const [last] = (await listPage(deps.store, { ...typed.syncs, query }, options)).items;
  return last?.status === 'held' && last.git_commit === at.commit;
}
