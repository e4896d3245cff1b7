import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '@polar-gosling/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalRefusal } from './local-isolation.ts';
import { chooseLocalRunners } from './local-runners.ts';
import { relayAgents } from './relay-agents.ts';

const { signal } = new AbortController();
let dir: string;
let socket: string;
const closing: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'local-runners-'));
  socket = join(dir, 'docker.sock');
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(dir, { recursive: true, force: true });
});

async function serve(at: string | number, body: string): Promise<number> {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(at, resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
const startDocker = () => serve(socket, JSON.stringify({ Version: '28.2.2' }));

function choose(
  kind: 'auto' | 'container' | 'process',
  over: { network?: string; host?: string; path?: string } = {},
) {
  const { network = 'bridge', host = `unix://${socket}`, path } = over;
  const localRunners = { kind, image: 'ci:1', network };
  const config = {
    localRunners,
    gitlabRunner: { bin: path ? undefined : '/no/such/runner', mirror: undefined },
    caFile: undefined,
  };
  const clock = createFakeClock();
  const options = {
    config,
    env: { DOCKER_HOST: host, PATH: path },
    relaySocket: '/relay/api.sock',
    clock,
    signal,
  };
  return chooseLocalRunners(options).then((local) => ({ local, clock }));
}

describe('local runners', () => {
  it('are containers where Docker answers and nothing else was said', async () => {
    await startDocker();

    const { local } = await choose('auto');

    expect(local.container).toMatchObject({
      socket,
      image: 'ci:1',
      network: 'bridge',
      relay: '/relay/api.sock',
    });
    expect(local.container?.mounts).toContain(process.execPath);
    expect(local.container?.mounts).not.toContain('/no/such/runner');
    expect(local.detail).toBe(`containers of ci:1 (Docker 28.2.2 at ${socket})`);
    expect(local.refuse()).toBeUndefined();
  });

  it('have this host’s gitlab-runner, wherever it was found', async () => {
    await startDocker();
    const bin = join(dir, 'gitlab-runner');
    writeFileSync(bin, '#!/bin/sh\n', { mode: 0o755 });

    const { local } = await choose('auto', { path: dir });

    expect(local.runnerBin).toBe(bin);
    expect(local.container?.mounts).toContain(bin);
  });

  it('need no relay in the host’s own network', async () => {
    await startDocker();

    expect((await choose('auto', { network: 'host' })).local.container).not.toHaveProperty('relay');
  });

  it.each([
    ['nothing answers', {}, /does not answer/],
    ['DOCKER_HOST is another machine', { host: 'tcp://10.0.0.1:2375' }, /only unix:\/\/ sockets/],
  ])('are processes where %s, and say why', async (_what, over, why) => {
    const { local } = await choose('auto', over);

    expect(local.container).toBeUndefined();
    expect(local.detail).toMatch(why);
  });

  it('are processes where that is asked for, whatever answers', async () => {
    await startDocker();

    expect((await choose('process')).local.container).toBeUndefined();
  });

  it('that shall be containers are refused while Docker does not answer, and no longer', async () => {
    const { local, clock } = await choose('container');
    const before = local.refuse();
    await startDocker();
    await clock.advance(10_001);
    local.refuse();
    await expect.poll(() => local.refuse()).toBeUndefined();

    expect(before).toContain('GOSLING_LOCAL_RUNNERS=process');
  });
});

describe('jobs of a GitLab server on this host', () => {
  const nobody = { isRoot: false, isUnsafeAllowed: false };

  it('are served without root where they run in containers', () => {
    expect(createLocalRefusal({ ...nobody, containers: () => undefined })('gitlab.com')).toBeUndefined();
    expect(createLocalRefusal({ ...nobody, containers: () => 'away' })('gitlab.com')).toBe('away');
    expect(createLocalRefusal(nobody)('gitlab.com')).toContain('install Docker');
  });
});

it('hands connections of containers on to where we listen, and ends them with itself', async () => {
  const port = await serve(0, 'us');
  const relaySocket = join(dir, 'agents', 'api.sock');
  const relay = await relayAgents({ socket: relaySocket, url: `http://127.0.0.1:${port}` });
  const asked = connect(relaySocket);
  asked.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const answer = await new Promise<string>((resolve) =>
    asked.once('data', (chunk) => resolve(String(chunk))),
  );
  const ended = new Promise((resolve) => asked.once('close', resolve));

  await relay.stop();
  await ended;

  expect(answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*us$/);
});
