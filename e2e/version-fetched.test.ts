import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, createAuthority } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWorld } from './support/end-world.ts';
import { serveFile } from './support/file-server.ts';
import { sha256 } from './support/published-agent.ts';
import { type Screen, startTerminal, type Terminal } from './support/terminal.ts';
import { createWorld, root, type World } from './support/world.ts';

const mebibyte = 1024 * 1024;
const terminals: Terminal[] = [];
let world: World;
let authority: Authority;

beforeEach(async () => {
  world = await createWorld();
  authority = createAuthority(join(world.dir, 'authority'));
  await world.pushNest({ 'MG/config.fly': 'mothergoose {}\n' });
  await world.up({ NODE_EXTRA_CA_CERTS: authority.caFile });
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) {
    terminal.interrupt();
    await terminal.ended();
  }
  await endWorld(world);
});

/** An agent of two mebibytes that do not become less. */
function anArchive(): Buffer {
  writeFileSync(join(world.dir, 'gosling'), "#!/bin/sh\necho 'gosling 1.2.3'\n");
  writeFileSync(join(world.dir, 'ballast'), randomBytes(2 * mebibyte));
  execFileSync('tar', ['-czf', 'agent.tar.gz', 'ballast', 'gosling'], { cwd: world.dir });
  return readFileSync(join(world.dir, 'agent.tar.gz'));
}

function install(args: string, screen: Screen): Terminal {
  const what = `tofu install 1.2.3 --of gosling --platform linux_amd64 ${args}`;
  const terminal = startTerminal(`'${root}gosling' ${what}`, { cwd: world.dir, env: world.env, screen });
  terminals.push(terminal);
  return terminal;
}

describe('a version that is fetched', () => {
  it.each([
    ['tty', '', 'fetching gosling 1.2.3: 1.0 of 2.0 MiB'],
    ['pipe', '', ', 1.0 of 2.0 MiB)'],
    ['pipe', '--json', `"received_bytes":${mebibyte},"total_bytes":2`],
  ] as const)('tells how much of how much came, on a %s %s', async (screen, flags, text) => {
    const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>();
    const archive = anArchive();
    await using server = await serveFile(archive, authority, { stallsAt: mebibyte, goesOn });
    const url = `${server.url}/gosling_{version}_{os}_{arch}.tar.gz`;

    const terminal = install(`--url '${url}' --sha256 ${sha256(archive)} ${flags}`, screen);
    const before = await terminal.shows(text);
    goOn();
    const code = await terminal.ended();

    expect(before).not.toMatch(/is here|"downloaded_at"/);
    expect([code, server.asked.length], terminal.output()).toEqual([0, 1]);
    expect(terminal.output()).toMatch(/is here; its checksum is right|"state": "installed"/);
  });
});
