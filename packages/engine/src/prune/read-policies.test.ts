import { Secret } from '@polar-gosling/kernel';
import type { GitReader, NestRemote } from '@polar-gosling/ports/git';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { readNestRow } from '../sync/write-nest.ts';
import { createControlPlane } from '../testing/control-plane.ts';
import { direct, install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { readPolicies } from './read-policies.ts';

const policy = (threshold: string) => `uglyfox {
  pruning {
    failed_threshold = ${threshold}
  }
}
`;
const nest = (threshold: string) => ({ ...nestOf({ app: {} }), 'UF/config.fly': policy(threshold) });

async function aPlane(url = 'https://git.example.com/nest.git') {
  const clock = createFakeClock();
  const ids = createSeededIds(1, clock);
  const plane = await createControlPlane({ clock, ids, settings: { nest: { url } } });
  plane.model.projects.set(1, 'group/app');
  await install(plane, nest('4'));
  const fetched: NestRemote[] = [];
  const own: GitReader = {
    ...plane.git.reader,
    fetch(remote, options) {
      fetched.push(remote);
      return plane.git.reader.fetch(remote, options);
    },
  };
  const read = async (policiesGit: GitReader | undefined = own) => {
    const commit = (await readNestRow(plane.deps, direct))?.commit ?? '';
    return (await readPolicies({ ...plane.deps, policiesGit }, { commit }, direct)).failedThreshold;
  };
  return { plane, read, fetched, own };
}

describe('the policies of UglyFox', () => {
  it('are those of the last sync, and nothing is fetched', async () => {
    const { plane, fetched } = await aPlane();
    plane.git.commit(nest('7'));

    const { failedThreshold } = await readPolicies(plane.deps, { commit: 'any' }, direct);

    expect(failedThreshold).toBe(4);
    expect(fetched).toEqual([]);
  });

  it('are those of the newest commit where it has a checkout of its own, fetched with its own key', async () => {
    const { plane, read, fetched } = await aPlane('git@git.example.com:ops/nest.git');
    const keys = { mothergoose: 'key of MotherGoose', uglyfox: 'key of UglyFox' };
    for (const [owner, key] of Object.entries(keys)) {
      await plane.deps.secrets.write(`deploy-keys/${owner}-private`, new Secret(key), direct);
    }
    plane.git.commit(nest('7'));

    expect(await read()).toBe(7);
    expect(fetched.map(({ deployKey }) => deployKey?.reveal())).toEqual([keys.uglyfox]);
  });

  it.each([
    ['its file has errors', nest('"three"')],
    ['it rewinds the branch', nest('7'), { parent: undefined }],
  ])('stay those of the sync where %s', async (_why, files, onto?: { parent: undefined }) => {
    const { plane, read } = await aPlane();
    plane.git.commit(files, onto);

    expect(await read()).toBe(4);
  });

  it('stay those of the sync where Git does not answer, and while the sync holds the commit back', async () => {
    const { plane, read, own } = await aPlane();
    const commit = plane.git.commit(nest('7'));
    const down: GitReader = { ...own, fetch: () => Promise.reject(new RangeError('no route to host')) };
    expect(await read(down)).toBe(4);
    const row = {
      nest: 'nest',
      id: '9',
      git_commit: commit,
      synced_at: 9,
      status: 'held',
      changes_detected: {},
    };
    await plane.deps.store.commit(
      [{ kind: 'put', table: 'sync_history', row, when: { kind: 'any' } }],
      direct,
    );

    expect(await read()).toBe(4);
  });
});
