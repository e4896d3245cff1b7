import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { revealOf, Secret } from './secret.ts';

const value = 'glpat-abcdefghijklmnop';

it.each([
  ['a template', (secret: Secret) => `${secret}`],
  ['a concatenation', (secret: Secret) => `token: ${String(secret)}`],
  ['JSON', (secret: Secret) => JSON.stringify({ token: secret })],
  ['inspection', (secret: Secret) => inspect({ token: secret }, { depth: 9, showHidden: true })],
  ['its own properties', (secret: Secret) => JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
  ['a copy by spread', (secret: Secret) => JSON.stringify({ ...secret })],
  ['an error that carries it', (secret: Secret) => inspect(Object.assign(new SyntaxError('no'), { secret }))],
])('is not shown by %s', (_way, show) => {
  expect(show(new Secret(value))).not.toContain(value);
});

it('shows that there is a secret', () => {
  expect(`${new Secret(value)}`).toBe('[secret]');
});

it('gives its value to who asks for it', () => {
  expect(new Secret(value).reveal()).toBe(value);
  expect([new Secret(value), value].map(revealOf)).toEqual([value, value]);
});

it('survives no copy: a structured clone has no value', () => {
  const copy: unknown = structuredClone(new Secret(value));

  expect(inspect(copy, { showHidden: true })).not.toContain(value);
});
