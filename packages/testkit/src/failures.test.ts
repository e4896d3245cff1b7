import { Secret } from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import { describe, expect, it } from 'vitest';
import { withFailures } from './index.ts';

const options = { signal: new AbortController().signal };
const error = new Error('as planned');

describe('withFailures', () => {
  it('fails the call that was chosen, and counts them all', async () => {
    const { port, calls } = withFailures(createMemorySecrets(), { call: 2, error });

    await port.write('a/b', new Secret('some value'), options);
    await expect(port.read('a/b', options)).rejects.toBe(error);
    expect((await port.read('a/b', options))?.reveal()).toBe('some value');
    expect(calls()).toBe(3);
  });

  it('does not let the failing call take effect', async () => {
    const inner = createMemorySecrets();
    const { port } = withFailures(inner, { call: 1, error });

    await expect(port.write('a/b', new Secret('some value'), options)).rejects.toBe(error);

    expect(await inner.read('a/b', options)).toBeUndefined();
  });

  it('can fail after the call took effect, as a lost answer does', async () => {
    const inner = createMemorySecrets();
    const { port } = withFailures(inner, { call: 1, error, when: 'after' });

    await expect(port.write('a/b', new Secret('some value'), options)).rejects.toBe(error);

    expect(await inner.read('a/b', options)).toBeDefined();
  });

  it('leaves calls without a signal alone', () => {
    const { port, calls } = withFailures({ wake: () => 'awake' }, { call: 1, error });

    expect(port.wake()).toBe('awake');
    expect(calls()).toBe(0);
  });
});
