import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eggFile, nestTree } from '@polar-gosling/nest';
import type { DemoWorld } from './demo-world.ts';
import { runGit } from './run-git.ts';

/** The Nest as `gosling init --cloud local` makes it, committed and pushed. */
export async function pushNest(world: DemoWorld, signal: AbortSignal): Promise<string> {
  for (const { path: name, text } of nestTree({ cloud: 'local' })) {
    const file = path.join(world.nest.tree, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return commitAndPush(world, 'Initialize Nest repository', signal);
}

/** The demo's Egg, as `gosling add egg` writes it, committed and pushed. */
export async function pushEgg(world: DemoWorld, signal: AbortSignal): Promise<string> {
  const text = eggFile({
    name: 'demo',
    type: 'vm',
    cloud: { provider: 'local', region: 'here' },
    runner: { tags: ['demo'], concurrent: 2, idleTimeout: '3s', executor: 'shell' },
    gitlab: { server: world.server, url: world.gitlabUrl, projectId: world.project.id },
  });
  const file = path.join(world.nest.tree, 'Eggs', 'demo', 'config.fly');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return commitAndPush(world, 'Add egg demo', signal);
}

async function commitAndPush(world: DemoWorld, message: string, signal: AbortSignal): Promise<string> {
  const at = { cwd: world.nest.tree, signal };
  await runGit(['add', '--all'], at);
  await runGit(['commit', '--quiet', '-m', message], at);
  await runGit(['push', '--quiet', 'origin', 'HEAD:main'], at);
  return runGit(['rev-parse', 'HEAD'], at);
}
