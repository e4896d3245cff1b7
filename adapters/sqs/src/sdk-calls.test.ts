import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '@polar-gosling/kernel';
import { createFakeClock } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import { createSdkCalls } from './sdk-calls.ts';

const options = { signal: new AbortController().signal };

it.each([
  ['json', '{"Attributes":{"ApproximateNumberOfMessages":"1"}}'],
  [
    'query',
    '<GetQueueAttributesResponse><GetQueueAttributesResult><Attribute><Name>ApproximateNumberOfMessages</Name><Value>1</Value></Attribute></GetQueueAttributesResult></GetQueueAttributesResponse>',
  ],
] as const)(
  "goes through the host's proxy, and past it where that is said, by %s",
  async (protocol, answer) => {
    const hosts: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      hosts.push(request.headers.host);
      request.resume();
      response.end(answer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const here = `http://127.0.0.1:${port}`;
    const open = (endpoint: string, proxies: Record<string, string>) => {
      const credentials = { accessKeyId: 'id', secretAccessKey: new Secret('secret') };
      return createSdkCalls(
        { region: 'ru-central1', endpoint, protocol, credentials, proxies },
        { clock: createFakeClock() },
      );
    };
    const through = open('http://queues.invalid', { HTTP_PROXY: here, no_proxy: '127.0.0.1' });
    const past = open(here, { http_proxy: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' });

    const attributes = [
      await through.attributes('http://queues.invalid/q', options),
      await past.attributes(`${here}/q`, options),
    ];
    for (const calls of [through, past]) calls.close();
    server.closeAllConnections();
    server.close();

    expect(hosts).toEqual(['queues.invalid', `127.0.0.1:${port}`]);
    expect(attributes[0]).toEqual({ ApproximateNumberOfMessages: '1' });
    expect(attributes[1]).toEqual(attributes[0]);
  },
);
