import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createSecretsApi } from './secrets-api.ts';

it("goes through the host's proxy, and past it where that is said", async () => {
  const hosts: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    hosts.push(request.headers.host);
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ SecretString: '{"field":"value"}', VersionId: 'v1' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
  const noProxy = { NO_PROXY: '127.0.0.1' };
  const call = { signal: new AbortController().signal, role: 'a secret' };
  const read = (endpoint: string, proxies: Readonly<Record<string, string>>) =>
    createSecretsApi({ region: 'eu-west-1', credentials, endpoint, proxies }).get({ id: 'a' }, call);

  const found = await read('http://secrets.invalid', { http_proxy: here, ...noProxy });
  await read(here, { http_proxy: 'http://127.0.0.1:1', ...noProxy });

  expect(found).toMatchObject({ versionId: 'v1' });
  expect(hosts).toEqual(['secrets.invalid', here.slice('http://'.length)]);
  server.closeAllConnections();
  server.close();
});
