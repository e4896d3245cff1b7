import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMasker, createSystemClock, createSystemIds } from '@polar-gosling/kernel';
import { expect, it } from 'vitest';
import { readCliConfig } from './config.ts';
import { withSecretStore } from './secret-store.ts';

it('closes its connections to Vault when a command has ended, also when it failed', async () => {
  const answer = { data: { data: { 'api-token': 'glpat-0123456789' }, metadata: { version: 1 } } };
  const open = new Set<object>();
  const server = createServer((request, response) => {
    request.resume();
    const isLogin = request.url?.includes('/auth/') === true;
    response.setHeader('keep-alive', 'timeout=600');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isLogin ? { data: { ttl: 0, renewable: false } } : answer));
  });
  // Neither side ends one for being idle.
  server.keepAliveTimeout = 0;
  let closed = 0;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => {
      closed++;
      open.delete(socket);
      server.emit('left');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = {
    GOSLING_SECRETS: 'vault',
    VAULT_ADDR: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    VAULT_TOKEN: 'hvs.0123456789',
  };
  const clock = createSystemClock();
  const config = readCliConfig(env, '/').config;
  const context = { config, clock, ids: createSystemIds(clock), masker: createMasker(), env };
  const options = { signal: new AbortController().signal };

  const value = await withSecretStore(context, (secrets) =>
    secrets.read('gitlab/gitlab.com/e/api-token', options),
  );
  expect(value?.reveal()).toBe('glpat-0123456789');
  while (open.size > 0) await once(server, 'left');
  const failing = withSecretStore(context, async (secrets) => {
    await secrets.read('gitlab/gitlab.com/e/api-token', options);
    throw new TypeError('the command failed');
  });
  await expect(failing).rejects.toThrow('the command failed');
  while (open.size > 0) await once(server, 'left');

  expect({ open: open.size, hadSome: closed > 0 }).toEqual({ open: 0, hadSome: true });
  server.close();
});
