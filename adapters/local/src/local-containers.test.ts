import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasImage, lookAtDocker } from './local-containers.ts';
import { createLocalMachines } from './local-machines.ts';

const { signal } = new AbortController();
let dir: string;
let socket: string;
let server: Server | undefined;
const answers = new Map<string, { status: number; body: unknown }>();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'containers-'));
  socket = join(dir, 'docker.sock');
  answers.clear();
  server = createServer((request, response) => {
    const { status, body } = answers.get(request.url ?? '') ?? { status: 404, body: { message: 'none' } };
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server?.listen(socket, resolve));
  mkdirSync(join(dir, 'local-runners', 'r1'), { recursive: true });
  write({ runner_id: 'r1', egg: 'web', socket, name: 'web-r1' });
});
afterEach(async () => {
  await endServer();
  rmSync(dir, { recursive: true, force: true });
});

function write(record: unknown): void {
  writeFileSync(join(dir, 'local-runners', 'r1', 'container.json'), JSON.stringify(record));
}

async function endServer(): Promise<void> {
  server?.closeAllConnections();
  await new Promise((resolve) => (server?.listening ? server.close(resolve) : resolve(undefined)));
}

const look = () => createLocalMachines({ dataDir: dir }).status('r1', { signal });
const isIn = (state: string) =>
  answers.set('/containers/web-r1/json', { status: 200, body: { State: { Status: state } } });

describe('a local runner that is a container', () => {
  it.each([
    ['created', 'running'],
    ['running', 'running'],
    ['paused', 'running'],
    ['exited', 'gone'],
    ['dead', 'gone'],
  ])('which Docker calls %s is %s', async (state, expected) => {
    isIn(state);

    expect(await look()).toEqual({ runnerId: 'r1', egg: 'web', state: expected });
    expect(await createLocalMachines({ dataDir: dir }).list({ signal })).toHaveLength(1);
  });

  it('that Docker does not know is gone', async () => {
    expect(await look()).toMatchObject({ state: 'gone' });
  });

  it.each([
    ['does not answer', () => endServer()],
    ['fails', () => void answers.set('/containers/web-r1/json', { status: 500, body: {} })],
    ['says something else', () => void answers.set('/containers/web-r1/json', { status: 200, body: [] })],
  ])('is not proved gone when Docker %s', async (_what, happen) => {
    await happen();

    await expect(look()).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  });

  it('is not proved gone when its record is none', async () => {
    write({ runner_id: 'r1' });

    await expect(look()).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
  });
});

describe('a Docker Engine', () => {
  it('is one when it tells its version', async () => {
    answers.set('/version', { status: 200, body: { Version: '28.2.2' } });

    expect(await lookAtDocker(socket, signal)).toEqual({ version: '28.2.2' });
  });

  it('is none where something else answers, or nothing', async () => {
    await expect(lookAtDocker(socket, signal)).rejects.toMatchObject({ code: 'MACHINES_UNAVAILABLE' });
    await expect(lookAtDocker(join(dir, 'none.sock'), signal)).rejects.toThrow('ENOENT');
  });

  it('is asked for images by their whole name', async () => {
    answers.set('/images/host%3A5000/ci/box%3A1/json', { status: 200, body: {} });

    expect(await hasImage({ socket, image: 'host:5000/ci/box:1' }, signal)).toBe(true);
    expect(await hasImage({ socket, image: 'box:2' }, signal)).toBe(false);
  });
});
