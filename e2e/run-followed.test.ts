import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { startTerminal, type Terminal } from './support/terminal.ts';
import { findTestTofu } from './support/tofu.ts';
import { createWorld, localEgg, root, until, type World } from './support/world.ts';

let world: World;
let projectId: number;
let held: string;
const terminals: Terminal[] = [];

beforeEach(async () => {
  world = await createWorld();
  const ciYaml = 'work:\n  script:\n    - echo done\n';
  ({ id: projectId } = world.sim.addProject({ path: 'team/app', ciYaml, members: { ada: 'owner' } }));
  const runner = '    max_jobs     = 1\n    idle_timeout = "30s"';
  await world.pushNest({ 'Eggs/app/config.fly': localEgg(world, { name: 'app', projectId, runner }) });
  held = join(world.dir, 'applies-are-held');
  writeFileSync(held, '');
  await world.up({ GOSLING_TOFU_BIN: waitingTofu() });
  await registered(world);
  world.sim.push(projectId);
  await until('a run that applies', async () => {
    const { body } = await world.api('/runs?egg=app&limit=1');
    return body.items[0]?.state === 'applying' ? true : undefined;
  });
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) {
    terminal.interrupt();
    await terminal.ended();
    world.canaries.note('a terminal', terminal.output());
  }
  await endWorld(world);
});

/** The real OpenTofu, whose applies begin when nobody holds them any more. */
function waitingTofu(): string {
  const path = join(world.dir, 'waiting-tofu');
  const wait = `[ "$1" != apply ] || while [ -e '${held}' ]; do sleep 0.1; done`;
  writeFileSync(path, `#!/bin/sh\n${wait}\nexec '${findTestTofu()}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

function type(line: string, screen: 'pipe' | 'tty'): Terminal {
  const terminal = startTerminal(`'${root}gosling' ${line}`, { cwd: world.dir, env: world.env, screen });
  terminals.push(terminal);
  return terminal;
}

describe('a run of OpenTofu', () => {
  it.each(['pipe', 'tty'] as const)(
    'is told while it goes on, and is over at its end, on a %s',
    async (screen) => {
      const follower = type('logs --egg app --follow', screen);
      await follower.shows('terraform_data.start: Plan to create');
      await follower.shows('Plan: 2 to add');
      const before = follower.output();
      rmSync(held);

      const code = await follower.ended();

      expect(before).toContain('OpenTofu 1.');
      expect(before).not.toMatch(/Creating|Apply complete|it is over/);
      expect(code, follower.output()).toBe(0);
      const lines = follower.output().trimEnd().split(/\r?\n/);
      expect(lines[0]).toMatch(/^run \w+ of app, shard 0$/);
      expect(lines.slice(1, -1).filter((line) => !/^\d\d:\d\d:\d\d \S/.test(line))).toEqual([]);
      expect(lines.filter((line) => line.includes('Plan to create'))).toHaveLength(2);
      expect(lines.filter((line) => line.includes('Creation complete'))).toHaveLength(2);
      expect(lines.slice(-2)).toEqual([expect.stringContaining('Apply complete!'), 'it is over']);
    },
  );

  it.each(['pipe', 'tty'] as const)('goes on when its follower leaves by Ctrl-C, on a %s', async (screen) => {
    const follower = type('logs --egg app --follow', screen);
    await follower.shows('Plan: 2 to add');

    follower.interrupt();
    const code = await follower.ended();

    expect(code).toBe(130);
    expect(follower.output().trimEnd().split(/\r?\n/).at(-1)).toMatch(/^(\^C)?interrupted$/);
    rmSync(held);
    expect((await jobsEnded(world, projectId)).map(({ status }) => status)).toEqual(['success']);
  });
});
