import { expect, it } from 'vitest';
import { localAgentUrl } from './local-agent-url.ts';

it.each([
  ['http://127.0.0.1:8080', undefined, 'http://127.0.0.1:8080'],
  ['http://127.0.0.1:8080', 'https://goose.example.com', 'http://127.0.0.1:8080'],
  ['https://10.0.0.7:8443', undefined, 'https://10.0.0.7:8443'],
  ['https://0.0.0.0:8443', undefined, 'https://127.0.0.1:8443'],
  ['https://[::]:8443', undefined, 'https://[::1]:8443'],
  ['https://[0:0:0:0:0:0:0:0]:8443', undefined, 'https://[::1]:8443'],
  ['https://0.0.0.0:8443', 'https://goose.example.com', 'https://goose.example.com'],
])('an agent on this host of %s (public: %s) calls %s', (listening, publicUrl, expected) => {
  expect(localAgentUrl({ listening, publicUrl })).toBe(expected);
});
