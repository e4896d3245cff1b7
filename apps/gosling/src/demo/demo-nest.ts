import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eggFile, type NestFile, nestTree } from '@polar-gosling/nest';
import type { DemoWorld } from './demo-world.ts';
import { runGit } from './run-git.ts';

/** The Nest as `gosling init --cloud local` makes it, committed and pushed. */
export async function pushNest(world: DemoWorld, signal: AbortSignal): Promise<string> {
  for (const file of nestTree({ cloud: 'local' })) await writeNestFile(world, file);
  return commitAndPush(world, 'Initialize Nest repository', signal);
}

/** The demo's Egg, as `gosling add egg` writes it, committed and pushed. */
export async function pushEgg(world: DemoWorld, signal: AbortSignal): Promise<string> {
  const egg = eggFile({
    name: 'demo',
    cloud: { provider: 'local' },
    tags: ['demo'],
    concurrent: 2,
    idleTimeout: '3s',
    gitlab: { server: world.server, url: world.gitlabUrl, projectId: world.project.id },
  });
  await writeNestFile(world, egg);
  return commitAndPush(world, 'Add egg demo', signal);
}

async function writeNestFile(world: DemoWorld, { path: name, text }: NestFile): Promise<void> {
  const file = path.join(world.nest.tree, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function commitAndPush(world: DemoWorld, message: string, signal: AbortSignal): Promise<string> {
  const at = { cwd: world.nest.tree, signal };
  await runGit(['add', '--all'], at);
  await runGit(['commit', '--quiet', '-m', message], at);
  await runGit(['push', '--quiet', 'origin', 'HEAD:main'], at);
  return runGit(['rev-parse', 'HEAD'], at);
}
