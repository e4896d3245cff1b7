import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from '@polar-gosling/testkit';
import { serveFile } from './file-server.ts';
import type { World } from './world.ts';

const agent = "#!/bin/sh\necho 'gosling 1.2.3'\n";
export const agentSha256 = sha256(agent);

/** Publishes an agent for machines in a cloud, from a server that it is fetched from at once. */
export async function publishAgent(world: World, authority: Authority): Promise<void> {
  const archive = anArchive(world);
  await using server = await serveFile(archive, authority);
  const url = `${server.url}/gosling_{version}_{os}_{arch}.tar.gz`;
  const what = ['--of', 'gosling', '--platform', 'linux_amd64'];
  const from = ['--url', url, '--sha256', sha256(archive), '--use'];
  const { code, stderr } = await world.cli(['tofu', 'install', '1.2.3', ...what, ...from]);
  if (code !== 0) throw new Error(`no agent was published: ${stderr}`);
}

function anArchive(world: World): Buffer {
  const dir = join(world.dir, 'agent');
  mkdirSync(dir);
  writeFileSync(join(dir, 'gosling'), agent);
  execFileSync('tar', ['-czf', '../agent.tar.gz', 'gosling'], { cwd: dir });
  return readFileSync(join(world.dir, 'agent.tar.gz'));
}

export function sha256(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}
