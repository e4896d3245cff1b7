import type { SecretUri } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { changeSecret } from './change-secret.ts';
import type { SecretsApi } from './secrets-api.ts';

const at: SecretUri = { backend: 'aws-sm', id: 'gosling/a', key: 'field' };
const signal = AbortSignal.timeout(10_000);

/** A service in which this version is in force when a promotion is refused, as often as told. */
function aService(refusals: number, inForceThen: string) {
  let promotions = 0;
  const unused = () => expect.unreachable('not part of a change');
  const api: SecretsApi = {
    get: async () => ({ fields: { other: 'x' }, versionId: 'v1' }),
    put: async () => 'made',
    promote: async () => (++promotions <= refusals ? 'refused' : 'ok'),
    unstage: async () => undefined,
    currentVersion: async () => inForceThen,
    create: unused,
    delete: unused,
    restore: unused,
    names: unused,
  };
  const clock = { ...createFakeClock(), sleep: async () => undefined };
  const context = { api, clock, ids: createSeededIds(1, clock), role: 'api-token of egg a' };
  const change = () => changeSecret(context, { at, next: () => ({ kind: 'set', text: 'new' }), signal });
  return { change, promotions: () => promotions };
}

describe('changeSecret', () => {
  it('reads again when another version came into force meanwhile', async () => {
    const { change, promotions } = aService(2, 'v2');

    expect(await change()).toBe('new');
    expect(promotions()).toBe(3);
  });

  it('says so at once when the service refuses though nobody was quicker', async () => {
    const { change, promotions } = aService(Number.POSITIVE_INFINITY, 'v1');

    await expect(change()).rejects.toMatchObject({
      code: 'SECRET_UNWRITABLE',
      message: expect.stringContaining('api-token of egg a'),
    });
    expect(promotions()).toBe(1);
  });
});
