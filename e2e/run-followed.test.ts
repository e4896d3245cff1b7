import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { jobsEnded, registered } from './support/jobs.ts';
import { tapServer } from './support/tap.ts';
import { startTerminal, type Terminal } from './support/terminal.ts';
import { findTestTofu } from './support/tofu.ts';
import { createWorld, localEgg, type Running, root, until, type World } from './support/world.ts';

let world: World;
let instance: Running;
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
  instance = await world.up({ GOSLING_TOFU_BIN: waitingTofu() });
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

function type(line: string, screen: 'pipe' | 'tty', more: Record<string, string> = {}): Terminal {
  const env = { ...world.env, ...more };
  const terminal = startTerminal(`'${root}gosling' ${line}`, { cwd: world.dir, env, screen });
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

  it('is told by the stream of events, and by its row where that breaks', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let rowsRead = 0;
    let isRowHeld = false;
    await using withoutRow = await tapServer(instance.url, async (path) => {
      if (!path.startsWith('/runs/')) return;
      rowsRead += 1;
      if (isRowHeld) await released;
    });
    const streams: ServerResponse[] = [];
    let isCut = false;
    await using withoutStream = await tapServer(instance.url, (path, answer) => {
      if (!path.startsWith('/events')) return;
      streams.push(answer);
      if (isCut) answer.destroy();
    });
    const token = readFileSync(join(world.dataDir, 'cli-token'), 'utf8').trim();
    const followers = [withoutRow, withoutStream].map(({ url }) =>
      type('logs --egg app --follow', 'pipe', { GOSLING_URL: url, GOSLING_TOKEN: token }),
    );
    for (const follower of followers) await follower.shows('Plan: 2 to add');
    await until('a stream', () => (streams.length > 0 ? true : undefined));
    const read = rowsRead;
    await until('a row with all that was told', () => (rowsRead > read + 2 ? true : undefined));

    isRowHeld = true;
    isCut = true;
    for (const stream of streams) stream.destroy();
    rmSync(held);
    const [streamed, polled] = followers;
    const early = await streamed?.shows('Apply complete!');
    const polledCode = await polled?.ended();
    release();
    const streamedCode = await streamed?.ended();

    expect(early).not.toContain('it is over');
    expect([streamedCode, polledCode]).toEqual([0, 0]);
    expect(streamed?.data()).toBe(polled?.data());
    expect(polled?.data().match(/Creation complete/g)).toHaveLength(2);
  });

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
