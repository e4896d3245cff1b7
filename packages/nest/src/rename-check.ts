import { checkFly, type FlyBlock, type GitlabValues, parseFly } from '@polar-gosling/fly';
import { type Placed, report } from './cross-check.ts';
import type { NestFile } from './nest-read.ts';

/**
 * An Egg that has another name than in the Nest before, for the same projects: its runners, states and secrets stay
 * behind under the old one. Files that did not change are not read again.
 */
export function checkRenames(placed: readonly Placed[], before: readonly NestFile[]): void {
  const pools = placed.filter(({ block }) => isPool(block));
  const now = new Map(pools.map(({ source }) => [source.path, source.parsed.text]));
  const changed = before.filter(({ path, text }) => now.get(path) !== text);
  const old = changed.flatMap(({ path, text }) => checkFly(parseFly(text, { file: path })).blocks);
  const unchanged = new Set(before.filter((file) => !changed.includes(file)).map(({ path }) => path));
  const kept = pools.filter(({ source }) => unchanged.has(source.path)).map(({ block }) => block.name);
  const known = new Set([...kept, ...old.filter(isPool).map(({ name }) => name)]);
  const names = new Set(pools.map(({ block }) => block.name));
  const gone = old.filter((block) => isPool(block) && !names.has(block.name));
  for (const { source, block } of pools) {
    if (known.has(block.name)) continue;
    const target = targetsOf(block);
    const former = target === '' ? undefined : gone.find((one) => targetsOf(one) === target);
    if (former === undefined) continue;
    const message = `${former.kind} "${former.name}" is called "${block.name}" now: it starts with no runners and no secrets, and those of "${former.name}" are removed when their jobs have ended`;
    const notes = [
      'keep the label where only the folder should change; else put the secrets again: gosling secret put',
    ];
    report(source, { code: 'FLY083', span: block.headerSpan, message, notes });
  }
}

function isPool(block: FlyBlock): boolean {
  return block.kind === 'egg' || block.kind === 'eggsbucket';
}

/** The projects and groups it is for; empty where they are not known. */
function targetsOf(block: FlyBlock): string {
  if (block.kind === 'egg') return targetOf(block.values.gitlab);
  if (block.kind !== 'eggsbucket') return '';
  const repos = block.values.repositories?.repo ?? [];
  return repos
    .map(({ gitlab }) => targetOf(gitlab))
    .toSorted()
    .join(' ');
}

function targetOf(gitlab: GitlabValues | undefined): string {
  const id = gitlab?.project_id ?? gitlab?.group_id;
  if (id === undefined) return '';
  const scope = gitlab?.group_id === undefined ? 'project' : 'group';
  return `${(gitlab?.server ?? 'gitlab.com').toLowerCase()} ${scope} ${id}`;
}
