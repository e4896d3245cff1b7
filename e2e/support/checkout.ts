import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './world.ts';

/**
 * This checkout as a repository to clone, and an environment in which a clone of it has its dependencies at once: what
 * `npm ci` would put there, without the network.
 */
export function createSource(dir: string): { url: string; env: Record<string, string> } {
  const source = join(dir, 'source.git');
  const template = join(dir, 'template');
  const git = (...args: string[]) =>
    execFileSync('git', [`--git-dir=${source}`, `--work-tree=${root}`, ...args], { stdio: 'pipe' });
  mkdirSync(join(template, 'hooks'), { recursive: true });
  writeFileSync(join(template, 'hooks/post-checkout'), linkDependencies, { mode: 0o755 });
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', source]);
  git('add', '--all');
  git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'all');
  return { url: `file://${source}`, env: { GIT_TEMPLATE_DIR: template } };
}

const linkDependencies = `#!/bin/sh
[ -e package-lock.json ] || exit 0
mkdir node_modules
for each in ${root}node_modules/*; do ln -s "$each" node_modules/; done
ln -s ${root}node_modules/.bin node_modules/.bin
rm node_modules/@polar-gosling
cp -RP ${root}node_modules/@polar-gosling node_modules/
for each in ${root}*/*/node_modules; do
  inner=\${each#${root}}
  [ ! -d "$each" ] || ln -s "$each" "$inner"
done
cp ${root}node_modules/.package-lock.json node_modules/
`;
