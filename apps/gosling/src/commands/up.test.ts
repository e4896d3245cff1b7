import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { aDirectory, runCli } from '../../testing/cli.ts';

async function aHome({ onTestFinished }: TestContext) {
  const home = await aDirectory();
  onTestFinished(home.remove);
  const env = {
    PATH: '/usr/bin:/bin',
    GOSLING_DATA_DIR: path.join(home.path, 'data'),
    GOSLING_NEST_URL: `file://${home.path}/nest.git`,
    GOSLING_LISTEN: '127.0.0.1:0',
    GOSLING_LOCAL_RUNNERS: 'process',
    GOSLING_UNSAFE_LOCAL: '1',
  };
  return { dir: home.path, env };
}

describe.concurrent('gosling up that is told to end while it starts', { timeout: 90_000 }, () => {
  it('ends well before it is up', async (test) => {
    const { dir, env } = await aHome(test);
    const socket = path.join(dir, 'docker.sock');
    // An engine that says nothing: the start waits for it.
    const docker = createServer(() => {
      void readFile(path.join(env.GOSLING_DATA_DIR, 'instance.pid'), 'utf8').then((text) =>
        process.kill(Number.parseInt(text, 10), 'SIGINT'),
      );
    });
    docker.listen(socket);
    test.onTestFinished(() => void docker.close());

    const more = { GOSLING_LOCAL_RUNNERS: 'auto', DOCKER_HOST: `unix://${socket}` };
    const result = await runCli(['up'], { env: { ...env, ...more } });

    test.expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('ends well when it is up and looks for OpenTofu', async (test) => {
    const { dir, env } = await aHome(test);
    const tofu = path.join(dir, 'tofu');
    await writeFile(tofu, '#!/bin/sh\nkill -INT $PPID\nexec sleep 60\n');
    await chmod(tofu, 0o755);

    const { code, stderr } = await runCli(['up'], { env: { ...env, GOSLING_TOFU_BIN: tofu } });

    test.expect(code, stderr).toBe(0);
    test.expect(stderr).toContain('stopping …');
    test.expect(stderr).not.toMatch(/warning|interrupted|error:/);
  });
});
