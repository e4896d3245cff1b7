import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunnerContainer } from './launcher-files.ts';
import { readStartTime } from './process-identity.ts';
import {
  anEntry,
  bring,
  createBench,
  eventually,
  findTestTofu,
  noTofuReason,
  readJson,
  wants,
} from './test-bench.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const socket = process.env['POLAR_DOCKER_URL']?.replace('unix://', '') ?? '';
const noDockerReason = 'POLAR_DOCKER_URL names no Docker Engine (root and dockerd are needed)';
const program = findTestTofu() ?? '';
const run = promisify(execFile);
const tags = (id: string) => ({
  ...{ 'polar-gosling-installation': 'test', 'polar-gosling-egg': 'web' },
  'polar-gosling-runner': id,
});
let image = '';
let count = 0;
const mine = new Set<string>();

beforeAll(() => {
  if (socket === '') return;
  const script = fileURLToPath(new URL('../../../scripts/engines/make-runner-image.sh', import.meta.url));
  image = execFileSync('bash', [script, socket], { encoding: 'utf8' }).trim();
});
beforeEach(({ skip }) => {
  skip(socket === '', noDockerReason);
  skip(program === '', noTofuReason);
});
afterEach(async () => {
  for (const id of mine) await ask('DELETE', `/containers/gosling-test-${id}?force=1`);
  mine.clear();
});

function anId(): string {
  const id = `c${process.pid}x${++count}`;
  mine.add(id);
  return id;
}

function anEntryOf(id: string, over: object = {}) {
  return anEntry({
    ...{ runner_id: id, name: `gosling-test-${id}`, tags: tags(id), cpu: 1, memory_mib: 256 },
    ...over,
  });
}

function open(over: Partial<RunnerContainer> = {}) {
  const bench = createBench(program);
  const agent = join(bench.dir, 'agent.mjs');
  const container = { socket, image, network: 'none', mounts: [process.execPath, agent], ...over };
  const launcher = { agentCommand: [process.execPath, agent], env: { PATH: '/of/the/host' }, container };
  const dirOf = (id: string) => join(bench.dataDir, 'local-runners', id);
  return { bench, agent, dirOf, tofu: bench.reopen({ launcher }), processes: bench.tofu };
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers
function ask(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socket, method, path, headers: { 'content-type': 'application/json' } };
    const asked = request(options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) }),
      );
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

const inspect = (id: string) => ask('GET', `/containers/gosling-test-${id}/json`);

async function labelled(id: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`polar-gosling-runner=${id}`] }));
  const { body } = await ask('GET', `/containers/json?all=1&filters=${filters}`);
  return body.map(({ Id }: { Id: string }) => Id);
}

describe('a local runner that is a container', () => {
  it('is one container with its name, labels and limits, and goes with its entry', async () => {
    const at = open();
    await using _ = at.bench;
    const id = anId();

    const made = await bring(at.tofu, wants([anEntryOf(id)]));
    const seen = await at.bench.seen(id);
    const { body } = await inspect(id);
    const again = await bring(at.tofu, wants([anEntryOf(id)]));
    const removed = await bring(at.tofu, wants([]));

    expect(made.outcome?.kind, made.log).toBe('ok');
    expect(again.plan.hasChanges).toBe(false);
    expect(seen).toMatchObject({
      argv: ['runner', '--runner-id', id, '--egg-name', 'web'],
      cwd: at.dirOf(id),
      env: { GOSLING_JOB_USER: 'gosling-job', HOME: at.dirOf(id) },
    });
    expect(seen.env['PATH']).not.toContain('/of/the/host');
    expect(body.Config.Labels).toEqual(tags(id));
    expect(body.Config).toMatchObject({ Image: image, StopSignal: 'SIGTERM', StopTimeout: -1 });
    expect(body.HostConfig).toMatchObject({
      ...{ Memory: 256 * 1024 * 1024, NanoCpus: 1e9, Privileged: false, NetworkMode: 'none' },
      ...{ SecurityOpt: ['no-new-privileges'], RestartPolicy: { Name: 'no' } },
    });
    const writable = body.Mounts.filter(({ RW }: { RW: boolean }) => RW);
    expect(writable.map(({ Source }: { Source: string }) => Source)).toEqual([at.dirOf(id)]);
    expect(JSON.stringify(body)).not.toContain(`bt-${id}`);
    expect(JSON.stringify(body)).not.toContain('docker.sock');
    expect(removed.outcome?.kind, removed.log).toBe('ok');
    expect((await inspect(id)).status).toBe(404);
    expect(existsSync(at.dirOf(id))).toBe(false);
  });

  it('is asked politely to end: its agent has its time, and its end is the container’s', async () => {
    const at = open();
    await using _ = at.bench;
    const id = anId();
    const polite = `
      import { writeFileSync } from 'node:fs';
      process.on('SIGTERM', () => { writeFileSync('${at.bench.dir}/told-${id}', 'SIGTERM'); process.exit(0); });
      writeFileSync(process.env.HOME + '/seen.json', '{}');
      setInterval(() => {}, 1000);`;
    writeFileSync(at.agent, polite.replaceAll(`${at.bench.dir}/told`, `${at.dirOf(id)}/told`));
    await bring(at.tofu, wants([anEntryOf(id)]));
    await at.bench.seen(id);

    await ask('POST', `/containers/gosling-test-${id}/stop?t=20`);

    expect(readFileSync(join(at.dirOf(id), `told-${id}`), 'utf8')).toBe('SIGTERM');
    expect((await inspect(id)).body.State).toMatchObject({ Status: 'exited', ExitCode: 0 });
    await bring(at.tofu, wants([]));
  });

  it('is begun once: what a killed launcher has made is started, what has lived is left alone', async () => {
    const at = open();
    await using _ = at.bench;
    const id = anId();
    await bring(at.tofu, wants([anEntryOf(id)]));
    const first = (await inspect(id)).body;
    const { Image, Entrypoint, Cmd, Env, WorkingDir, Labels, User } = first.Config;
    await ask('DELETE', `/containers/gosling-test-${id}?force=1`);
    const config = { Image, Entrypoint, Cmd, Env, WorkingDir, Labels, User, HostConfig: first.HostConfig };
    await ask('POST', `/containers/create?name=gosling-test-${id}`, config);
    const start = () =>
      run(process.execPath, [join(at.bench.dataDir, 'bin/launcher.mjs'), 'start'], { env: startEnv });
    const startEnv = {
      GOSLING_DATA_DIR: at.bench.dataDir,
      GOSLING_ENTRY: JSON.stringify(anEntryOf(id)),
      GOSLING_AGENT_COMMAND: JSON.stringify([process.execPath, at.agent]),
      GOSLING_CONTAINER: JSON.stringify({
        socket,
        image,
        network: 'none',
        mounts: [process.execPath, at.agent],
      }),
    };

    await start();
    const started = (await inspect(id)).body;
    await ask('POST', `/containers/gosling-test-${id}/kill`);
    await start();
    const ended = (await inspect(id)).body;

    expect(started.State.Status).toBe('running');
    expect(ended.Id).toBe(started.Id);
    expect(ended.State.Status).toBe('exited');
    expect(await labelled(id)).toHaveLength(1);
  });

  it('that no state knows is removed by its label, also when its directory is gone', async () => {
    const at = open();
    await using _ = at.bench;
    const [id, other] = [anId(), anId()];
    await bring(at.tofu, wants([anEntryOf(id), anEntryOf(other)]));
    rmSync(at.dirOf(id), { recursive: true });

    await at.tofu.removeStray?.(id, { signal: AbortSignal.timeout(60_000) });

    expect(await labelled(id)).toEqual([]);
    expect(await labelled(other)).toHaveLength(1);
    await bring(at.tofu, wants([]));
  });

  it('leaves runners that are processes as they are, and removes them as such', async () => {
    const at = open();
    await using _ = at.bench;
    const [before, after] = [anId(), anId()];
    await bring(at.processes, wants([anEntryOf(before)]));
    await at.bench.seen(before);
    const { pid } = at.bench.record(before);

    const both = await bring(at.tofu, wants([anEntryOf(before), anEntryOf(after)]));
    const kept = at.bench.record(before).pid;
    await bring(at.tofu, wants([anEntryOf(after)]));

    expect(
      both.plan.changes.filter(({ actions }) => actions[0] !== 'no-op').map(({ runnerId }) => runnerId),
    ).toEqual([after]);
    expect(kept).toBe(pid);
    expect(readStartTime(pid)).toBeUndefined();
    expect((await inspect(after)).body.State.Status).toBe('running');
    await bring(at.tofu, wants([]));
  });

  it('reaches us on loopback by its relay, and nothing else of the host', async () => {
    const at = open();
    await using _ = at.bench;
    const id = anId();
    const folder = join(at.bench.dir, 'agent-socket');
    execFileSync('mkdir', [folder]);
    const server = createServer((one) => one.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nus'));
    await new Promise<void>((resolve) => server.listen(join(folder, 'api.sock'), resolve));
    const other = createServer((one) => one.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const text = `
      import { writeFileSync } from 'node:fs';
      const look = (url) => fetch(url).then((answer) => answer.text(), (error) => error.cause?.code ?? 'failed');
      let us;
      for (let tries = 0; tries < 100 && us !== 'us'; tries++) {
        us = await look(process.env.GOSLING_URL);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      writeFileSync(process.env.HOME + '/seen.json', JSON.stringify({ us, other: await look('${otherUrl}') }));
      setInterval(() => {}, 1000);`;
    writeFileSync(at.agent, text);
    const launcher = {
      agentCommand: [process.execPath, at.agent],
      env: {},
      container: {
        ...{ socket, image, network: 'none', mounts: [process.execPath, at.agent] },
        relay: join(folder, 'api.sock'),
      },
    };
    const tofu = at.bench.reopen({ launcher });

    await bring(tofu, wants([anEntryOf(id, { gosling_url: 'http://127.0.0.1:8080' })]));
    const seen = await eventually(() => readJson(join(at.dirOf(id), 'seen.json')), 'the agent to tell');
    await bring(tofu, wants([]));
    for (const one of [server, other]) one.close();

    expect(seen).toEqual({ us: 'us', other: 'ECONNREFUSED' });
  });

  it('has Docker’s socket only where its Egg’s executor needs it', async () => {
    const at = open();
    await using _ = at.bench;
    const id = anId();

    await bring(at.tofu, wants([anEntryOf(id, { executor: 'docker' })]));
    const { body } = await inspect(id);
    await bring(at.tofu, wants([]));

    const found = body.Mounts.find(({ Destination }: { Destination: string }) =>
      /docker\.sock$/.test(Destination),
    );
    expect(found).toMatchObject({ Source: socket, Destination: '/var/run/docker.sock' });
  });

  it('says what to do where its image cannot be had, and leaves nothing', async () => {
    const at = open({ image: 'gosling-no-such-image:1' });
    await using _ = at.bench;
    const id = anId();

    const { outcome } = await bring(at.tofu, wants([anEntryOf(id)]));
    const removed = await bring(at.tofu, wants([]));

    expect(outcome).toMatchObject({ kind: 'failed', detail: expect.stringContaining('GOSLING_LOCAL_IMAGE') });
    expect(removed.outcome?.kind).toBe('ok');
    expect(existsSync(at.dirOf(id))).toBe(false);
  });
});
