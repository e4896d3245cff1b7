import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { createWorld, git, until, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => endWorld(world));

/** Every Git directory below. */
const repositories = (dir: string) => {
  try {
    const found = readdirSync(dir, { recursive: true, withFileTypes: true });
    return found.filter(({ name }) => name === 'HEAD').map(({ parentPath }) => parentPath);
  } catch {
    return [];
  }
};

it('GOSLING_UGLYFOX_GIT gives UglyFox a checkout of its own, which follows the Nest', async () => {
  const up = await world.up({ GOSLING_UGLYFOX_GIT: '1' });
  const has = async (commit: string) => {
    for (const path of repositories(join(world.dataDir, 'git-uglyfox'))) {
      const type = await git(path, '--git-dir', path, 'cat-file', '-t', commit).catch(() => '');
      if (type === 'commit') return true;
    }
    return undefined;
  };
  const first = await git(world.nest.tree, 'rev-parse', 'HEAD');
  await until('UglyFox has the first commit', () => has(first));

  const next = await world.pushNest({ 'README.md': 'changed' });
  await until('UglyFox has the next commit', () => has(next));

  expect(up.log()).not.toContain('UglyFox could not read the Nest');
});
