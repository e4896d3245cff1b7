import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMasker, createSystemClock, createSystemIds, Secret } from '@polar-gosling/kernel';
import { createAuthority } from '@polar-gosling/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createVaultSecrets, type VaultSecretsOptions } from './index.ts';
import { startFakeVault } from './testing/fake-vault.ts';

const call = { signal: new AbortController().signal };
const clock = createSystemClock();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function open(given: Pick<VaultSecretsOptions, 'address' | 'proxy'> & Partial<VaultSecretsOptions>) {
  const login = { kind: 'token', token: new Secret('hvs.a-token-of-vault') } as const;
  const ids = createSystemIds(clock);
  const secrets = createVaultSecrets({ login, clock, ids, masker: createMasker(), ...given });
  undo.push(() => secrets.close());
  return secrets;
}

async function listen(server: Server & { closeAllConnections(): void }): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe("Vault, through the host's proxy", () => {
  it('is asked there, and past it where that is said', async () => {
    const vault = await startFakeVault();
    undo.push(() => vault.close());
    const login = { kind: 'token', token: new Secret(vault.rootToken) } as const;
    const hosts: (string | undefined)[] = [];
    const proxy = createServer(async (request, response) => {
      hosts.push(request.headers.host);
      const token = String(request.headers['x-vault-token']);
      const { pathname, search } = new URL(request.url ?? '');
      const answer = await fetch(`${vault.address}${pathname}${search}`, {
        headers: { 'x-vault-token': token, 'x-vault-request': 'true' },
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    const httpProxy = `http://127.0.0.1:${await listen(proxy)}`;
    const past = open({ login, address: vault.address, proxy: { httpProxy, noProxy: '127.0.0.1' } });
    const through = open({ login, address: 'http://vault.invalid:8200', proxy: { httpProxy } });

    await past.write('gitlab/host/egg/api-token', new Secret('a token of an egg'), call);
    expect(hosts).toEqual([]);
    const read = await through.read('gitlab/host/egg/api-token', call);

    expect(read?.reveal()).toBe('a token of an egg');
    expect(new Set(hosts)).toEqual(new Set(['vault.invalid:8200']));
    expect(vault.complaints).toEqual([]);
  });

  it('is trusted by its own authority behind a tunnel', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gosling-vault-'));
    undo.push(() => rmSync(dir, { recursive: true }));
    const { caPem, certFile, keyFile } = createAuthority(dir, ['DNS:vault.invalid']);
    const certificate = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const port = await listen(
      createTlsServer(certificate, (_request, response) => {
        const data = { data: { 'api-token': 'a token of an egg' }, metadata: { version: 1 } };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
      }),
    );
    const asked: (string | undefined)[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url);
      const there = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
      there.on('error', () => socket.destroy());
      socket.on('error', () => there.destroy());
    });
    const httpsProxy = `http://127.0.0.1:${await listen(proxy)}`;

    const secrets = open({ address: 'https://vault.invalid:8200', proxy: { httpsProxy }, caPem });

    expect((await secrets.read('gitlab/host/egg/api-token', call))?.reveal()).toBe('a token of an egg');
    expect(new Set(asked)).toEqual(new Set(['vault.invalid:8200']));
  });
});
