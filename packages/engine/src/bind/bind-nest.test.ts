import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { expect, it } from 'vitest';
import type { EngineSettings } from '../api/engine.ts';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { bindNest } from './bind-nest.ts';

const url = 'ssh://git@gitlab.com/group/nest';
const project = { server: 'gitlab.com', url: 'https://gitlab.com', path: 'group/nest' };

async function planeWith(
  nest: EngineSettings['nest'],
  more: Partial<EngineSettings> = {},
): Promise<ControlPlane> {
  const clock = createFakeClock();
  const plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    settings: { nest, ...more },
  });
  plane.model.projects.set(1, 'group/app').set(9, 'group/nest');
  await install(plane, nestOf({ app: {} }));
  return plane;
}

async function problems(plane: ControlPlane): Promise<string[]> {
  return (await plane.engine().queries.health(direct)).problems.map(({ code }) => code);
}

it('makes a webhook on the project of the Nest, and says nothing more', async () => {
  const plane = await planeWith({ url, project });

  await bindNest(plane.deps, direct);

  expect(await plane.recording.rows('bindings')).toContainEqual(
    expect.objectContaining({ server_project: 'gitlab.com#9', egg_name: 'nest' }),
  );
  expect(await problems(plane)).toEqual([]);
});

it('says in status that a push is seen late, and why, until that is mended', async () => {
  const unknown = await planeWith({ url });
  await bindNest(unknown.deps, direct);

  const missing = await planeWith({ url, project: { ...project, server: 'other.example' } });
  await bindNest(missing.deps, direct);

  const gone = await planeWith({ url, project: { ...project, path: 'group/elsewhere' } });
  const binding = bindNest(gone.deps, direct);
  await expect(binding).rejects.toMatchObject({ code: 'GITLAB_NOT_FOUND' });
  const before = await problems(gone);
  gone.model.projects.set(10, 'group/elsewhere');
  await bindNest(gone.deps, direct);

  expect(await problems(unknown)).toEqual(['NEST_UNKNOWN_PROJECT']);
  expect(await problems(missing)).toEqual(['NEST_NO_API_TOKEN']);
  expect(before).toEqual(['GITLAB_NOT_FOUND']);
  expect(await problems(gone)).toEqual([]);
});

it('needs no webhook where GitLab is polled', async () => {
  const plane = await planeWith({ url }, { publicUrl: undefined });

  await bindNest(plane.deps, direct);

  expect(await problems(plane)).toEqual([]);
});
