import { Secret, type SecretBackend } from '@polar-gosling/kernel';
import { describe, expect, it } from 'vitest';
import { describeSecretsContract } from './contract.ts';
import { createMemorySecrets } from './memory.ts';
import { createSecretRouter } from './router.ts';
import type { SecretStore } from './secret-store.ts';

const options = { signal: new AbortController().signal };
const lacking = 'set VAULT_ADDR';

/** A backend that tells what it was asked for. */
function recorder(backend: SecretBackend, asked: string[]): SecretStore {
  const memory = createMemorySecrets();
  return {
    ...memory,
    async read(reference, call) {
      asked.push(`${backend} reads ${reference}`);
      return reference.startsWith('aws-sm:') ? undefined : memory.read(reference, call);
    },
    async write(reference, value, call) {
      asked.push(`${backend} writes ${reference}`);
      if (!reference.startsWith('aws-sm:')) await memory.write(reference, value, call);
    },
  };
}

function fixture(home: SecretBackend = 'aws-sm') {
  const asked: string[] = [];
  const backends = {
    local: recorder('local', asked),
    'aws-sm': recorder('aws-sm', asked),
    vault: lacking,
    'yc-lockbox': 'this release reads no Lockbox',
  };
  return { asked, router: createSecretRouter({ home, backends }) };
}

describeSecretsContract({
  name: 'router',
  create: () => {
    const backends = {
      local: createMemorySecrets(),
      'aws-sm': lacking,
      vault: lacking,
      'yc-lockbox': lacking,
    };
    return createSecretRouter({ home: 'local', backends });
  },
});

describe('createSecretRouter', () => {
  it('sends the layout to the installation and a URI to the backend it names', async () => {
    const { asked, router } = fixture();

    await router.read('gitlab/host/egg/api-token', options);
    await router.read('local://app/token', options);
    await router.write('aws-sm://app/token', new Secret('some value'), options);

    expect(asked).toEqual([
      'aws-sm reads gitlab/host/egg/api-token',
      'local reads local://app/token',
      'aws-sm writes aws-sm://app/token',
    ]);
  });

  it('Feature: gitops-runner-orchestration, Property 36: a reference to Lockbox is understood, and says what it needs', async () => {
    const { router } = fixture();
    const read = router.read('yc-lockbox://e6q6nbjfu9m2abcdefgh/canary77', {
      ...options,
      role: 'token of egg a',
    });

    await expect(read).rejects.toMatchObject({
      code: 'SECRET_NO_BACKEND',
      message:
        'token of egg a lies in yc-lockbox, which this process has no way to; this release reads no Lockbox',
    });
  });

  it.each([
    ['vault://app/canary77/key', 'SECRET_NO_BACKEND'],
    ['vault://canary77', 'SECRET_BAD_REFERENCE'],
    ['https://canary77/a/b', 'SECRET_BAD_REFERENCE'],
    ['glpat-canary77canary77', 'SECRET_BAD_REFERENCE'],
    ['aws-sm://a/../canary77', 'SECRET_BAD_REFERENCE'],
  ])(
    'Feature: gitops-runner-orchestration, Property 39: %s is refused by role and never shown',
    async (reference, code) => {
      const { router } = fixture('local');
      const role = 'webhook-secret of egg my-app on gitlab.com';

      for (const call of [
        () => router.read(reference, { ...options, role }),
        () => router.write(reference, new Secret('canary77-value'), { ...options, role }),
        () => router.writeIfAbsent(reference, new Secret('canary77-value'), { ...options, role }),
        () => router.remove(reference, { ...options, role }),
      ]) {
        const refused: unknown = await call().catch((error: unknown) => error);
        expect(refused).toMatchObject({ code, message: expect.stringContaining(role) });
        expect(String(refused)).not.toContain('canary77');
      }
    },
  );

  it('lists the layout only', async () => {
    const { router } = fixture();

    await expect(router.list('aws-sm://x', options)).rejects.toMatchObject({ code: 'SECRET_BAD_REFERENCE' });
  });
});
