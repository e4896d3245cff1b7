import { Secret, sha256Hex } from '@polar-gosling/kernel';
import { secretErrors } from '@polar-gosling/ports/secrets';
import { createSecretRouter } from '@polar-gosling/ports/secrets/router';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { bindEgg } from './bind-egg.ts';

let plane: ControlPlane;

beforeEach(async () => {
  const clock = createFakeClock();
  plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    wrap(deps) {
      const lacking = 'set VAULT_ADDR';
      const backends = { local: deps.secrets, 'aws-sm': lacking, vault: lacking, 'yc-lockbox': lacking };
      return { ...deps, secrets: createSecretRouter({ home: 'local', backends }) };
    },
  });
  plane.model.projects.set(1, 'group/app');
});

const secretAt = async (reference: string) => (await plane.deps.secrets.read(reference, direct))?.reveal();
const hook = () => [...plane.model.hooks.values()][0];
const layout = 'gitlab/gitlab.com/app';

describe('references that an Egg names', () => {
  it('go before the layout: API token, runner token and webhook secret', async () => {
    const seen = new Set<string>();
    const { reader } = plane.deps.gitlab;
    const project: typeof reader.project = (target, id, options) => {
      seen.add(target.token.reveal());
      return reader.project(target, id, options);
    };
    Object.assign(plane.deps, { gitlab: { ...plane.deps.gitlab, reader: { ...reader, project } } });
    await plane.deps.secrets.write('local://team/ci#api', new Secret('glpat-of-the-team'), direct);
    await plane.deps.secrets.write('local://team/ci/hook', new Secret('webhook secret of the team'), direct);
    const gitlab = [
      'api_token_secret = "local://team/ci/api"',
      'token_secret = "local://team/ci/runner"',
      'webhook_secret = "local://team/ci/hook"',
    ];

    await install(plane, nestOf({ app: { gitlab } }));

    expect([...seen]).toEqual(['glpat-of-the-team']);
    expect(hook()?.spec.token.reveal()).toBe('webhook secret of the team');
    expect(await secretAt('local://team/ci/runner')).toMatch(/^glrt-/);
    expect(await plane.recording.rows('registrations')).toMatchObject([
      { token_ref: 'local://team/ci/runner' },
    ]);
    expect(await secretAt(`${layout}/runner-token`)).toBeUndefined();
    expect(await secretAt(`${layout}/webhook-secret`)).toBeUndefined();
  });

  it('are filled where there is nothing yet', async () => {
    await install(plane, nestOf({ app: { gitlab: ['webhook_secret = "local://team/ci/hook"'] } }));

    expect(await secretAt('local://team/ci/hook')).toBe(hook()?.spec.token.reveal());
  });

  it('do not fall back to the token of every Egg when there is nothing', async () => {
    await install(plane, nestOf({ app: {} }));
    const files = nestOf({ app: { gitlab: ['api_token_secret = "local://team/ci/api"'] } });

    const installed = install(plane, files);

    await expect(installed).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('API token of egg app on gitlab.com'),
    });
  });

  it.each([
    ['api_token_secret', 'API token of egg app on gitlab.com'],
    ['webhook_secret', 'webhook secret of egg app on gitlab.com'],
    ['token_secret', 'runner token of egg app on gitlab.com'],
  ])(
    'Feature: gitops-runner-orchestration, Property 39: an unreachable %s fails the Egg by its role',
    async (attribute, role) => {
      const gitlab = [`${attribute} = "vault://kv/canary77/key"`];

      const installed: unknown = await install(plane, nestOf({ app: { gitlab } })).catch(
        (error: unknown) => error,
      );

      expect(plane.model.registrations.size).toBe(attribute === 'webhook_secret' ? 1 : 0);
      expect(installed).toMatchObject({ code: 'SECRET_NO_BACKEND' });
      expect(String(installed)).toContain(role);
      expect(String(installed)).not.toContain('canary77');
      const admin = { tokenId: 't', name: 'me', role: 'admin' } as const;
      const shown = await plane.engine().queries.eggStatus(admin, 'app', direct);
      const problem = { code: 'SECRET_NO_BACKEND', detail: expect.stringContaining(role) };
      expect(shown?.problems).toMatchObject([problem]);
    },
  );
});

describe('a webhook secret that is rotated', () => {
  it('is given to GitLab with the next look; the one before it is good for ten minutes more', async () => {
    await install(plane, nestOf({ app: {} }));
    const before = String(hook()?.spec.token.reveal());
    await plane.deps.secrets.write(`${layout}/webhook-secret`, new Secret('the new webhook secret'), direct);

    await bindEgg(plane.deps, 'app', direct);

    expect(hook()?.spec.token.reveal()).toBe('the new webhook secret');
    const rows = await plane.recording.rows('webhook_tokens');
    const untilOf = (token: string) => rows.find((row) => row['token_sha256'] === sha256Hex(token));
    expect(untilOf('the new webhook secret')).not.toHaveProperty('until');
    expect(untilOf(before)).toMatchObject({ until: plane.clock.now() + 10 * 60_000 });
  });

  it('reaches GitLab also when the first try to tell it fails', async () => {
    await install(plane, nestOf({ app: {} }));
    await plane.deps.secrets.write(`${layout}/webhook-secret`, new Secret('the new webhook secret'), direct);
    const { hooks } = plane.deps.gitlab;
    const failure = secretErrors.unreadable({ role: 'a test', reason: 'cut off' });
    const update: typeof hooks.update = () => Promise.reject(failure);
    const broken = { ...plane.deps, gitlab: { ...plane.deps.gitlab, hooks: { ...hooks, update } } };
    await expect(bindEgg(broken, 'app', direct)).rejects.toBe(failure);

    await bindEgg(plane.deps, 'app', direct);

    expect(hook()?.spec.token.reveal()).toBe('the new webhook secret');
  });
});
