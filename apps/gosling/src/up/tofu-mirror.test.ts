import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import { readConfig } from '@polar-gosling/mothergoose';
import { expect, it } from 'vitest';
import { startInstance } from './start-instance.ts';

const { signal } = new AbortController();
const clock = createSystemClock();

it('fetches a version of OpenTofu from GOSLING_TOFU_MIRROR', async () => {
  const asked: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const dir = mkdtempSync(join(tmpdir(), 'gosling-mirror-'));
  const env = {
    GOSLING_DATA_DIR: dir,
    GOSLING_BIN_DIR: join(dir, 'bin'),
    GOSLING_LISTEN: '127.0.0.1:0',
    GOSLING_NEST_URL: `file://${join(dir, 'nest')}`,
    GOSLING_TOFU_MIRROR: 'https://mirror.example.com/opentofu',
  };
  const reading = readConfig(env);
  const instance = await startInstance({
    config: reading.kind === 'ok' ? reading.config : expect.fail(JSON.stringify(reading)),
    // The proxy sees where to, and lets nothing out.
    env: { ...env, HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    clock,
    ids: createSystemIds(clock),
    writeLog: () => undefined,
    logFormat: 'json',
    signal,
  });

  const { tofu } = instance.parts.binaries;
  const install = tofu.install({ version: '1.12.6', source: { kind: 'github' } }, { signal });
  const failed = await install.catch((error: unknown) => error);
  await instance.stop();
  proxy.closeAllConnections();
  proxy.close();
  rmSync(dir, { recursive: true });

  expect(failed).toMatchObject({
    code: 'BINARY_DOWNLOAD',
    message: expect.stringContaining('https://mirror.example.com/opentofu/v1.12.6/tofu_1.12.6_SHA256SUMS'),
  });
  expect(asked).toEqual(['mirror.example.com:443']);
});
