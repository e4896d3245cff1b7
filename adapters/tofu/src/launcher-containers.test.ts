import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { computeDirectory } from './compute-module.ts';
import { anEntry, type Bench, createBench } from './test-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const run = promisify(execFile);
const launcher = join(computeDirectory, 'local', 'launcher.mjs');

interface Asked {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests
  readonly body: any;
}

/** Answers as an engine does that has every image and no container, unless told otherwise. */
async function anEngine(bench: Bench, answers: Record<string, readonly [status: number, body: string]> = {}) {
  const asked: Asked[] = [];
  const usual: typeof answers = {
    'GET /containers': [404, '{"message":"No such container"}'],
    'GET /images': [200, '{}'],
    'POST /containers/create': [201, '{"Id":"c1"}'],
  };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const path = `${request.method} ${request.url}`;
      asked.push({ path, body: text === '' ? undefined : JSON.parse(text) });
      const all = { ...usual, ...answers };
      const known = Object.keys(all).filter((start) => path.startsWith(start));
      const [status, body] = all[known.toSorted((a, b) => b.length - a.length)[0] ?? ''] ?? [204, ''];
      response.writeHead(status).end(body);
    });
  });
  const socket = join(bench.dir, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    ...{ socket, asked },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

async function start(bench: Bench, socket: string, over: object = {}): Promise<string> {
  const entry = anEntry({ runner_id: 'r1', tags: { 'polar-gosling-runner': 'r1' }, ...over });
  const env = {
    GOSLING_DATA_DIR: bench.dataDir,
    GOSLING_ENTRY: JSON.stringify(entry),
    GOSLING_AGENT_COMMAND: '["/node","/agent.mjs"]',
    GOSLING_CONTAINER: JSON.stringify({ socket, image: 'ci:1', network: 'bridge', mounts: [] }),
  };
  return run(process.execPath, [launcher, 'start'], { env }).then(
    () => '',
    ({ stderr }) => stderr,
  );
}

async function stop(bench: Bench): Promise<string> {
  const env = { GOSLING_DATA_DIR: bench.dataDir, GOSLING_RUNNER_ID: 'r1' };
  return run(process.execPath, [launcher, 'stop'], { env }).then(
    () => '',
    ({ stderr }) => stderr,
  );
}

it('gives a container the privileges that its Egg says, and no other', async () => {
  await using bench = createBench('');
  await using engine = await anEngine(bench);

  await start(bench, engine.socket, { privileged: true, image: 'own:2' });

  const { body } = engine.asked.find(({ path }) => path.includes('/create')) ?? {};
  expect(body).toMatchObject({ Image: 'own:2', HostConfig: { Privileged: true, SecurityOpt: [] } });
  expect(engine.asked.at(-1)?.path).toBe('POST /containers/web-r1/start');
});

it('pulls an image that is not here, and says what to do where that fails in a later line', async () => {
  await using bench = createBench('');
  await using engine = await anEngine(bench, {
    'GET /images': [404, '{"message":"No such image"}'],
    'POST /images/create': [200, '{"status":"Pulling"}\n{"error":"manifest unknown"}\n'],
  });

  const told = await start(bench, engine.socket, { image: 'host:5000/ci/box' });

  expect(engine.asked.map(({ path }) => path)).toContain(
    'POST /images/create?fromImage=host%3A5000%2Fci%2Fbox&tag=latest',
  );
  expect(told).toContain('manifest unknown');
  expect(told).toContain('docker pull host:5000/ci/box');
  expect(engine.asked.map(({ path }) => path)).not.toContain('POST /containers/web-r1/start');
});

it('starts what another launcher has just made under its name', async () => {
  await using bench = createBench('');
  await using engine = await anEngine(bench, { 'POST /containers/create': [409, '{"message":"in use"}'] });

  expect(await start(bench, engine.socket)).toBe('');

  expect(engine.asked.at(-1)?.path).toBe('POST /containers/web-r1/start');
});

it('says what to do where no engine answers, and forgets no container before it is gone', async () => {
  await using bench = createBench('');
  const socket = join(bench.dir, 'docker.sock');
  const runner = join(bench.dataDir, 'local-runners', 'r1');

  const told = await start(bench, socket);
  const stopped = await stop(bench);
  const kept = JSON.parse(readFileSync(join(runner, 'container.json'), 'utf8'));
  {
    await using _engine = await anEngine(bench, { 'POST /containers/web-r1/stop': [404, '{}'] });
    await stop(bench);
  }

  expect(told).toContain(`Docker does not answer at ${socket} (ENOENT)`);
  expect(told).toContain('GOSLING_LOCAL_RUNNERS=process');
  expect(stopped).toContain('Docker does not answer');
  expect(kept).toEqual({ runner_id: 'r1', egg: 'web', socket, name: 'web-r1' });
  expect(existsSync(runner)).toBe(false);
});
