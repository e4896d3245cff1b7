import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { aCloudEgg, aCloudEntry, findSnapshotMirror, noSnapshotReason, openCloudRun } from './cloud-bench.ts';
import { computeDirectory, computeModule, readBundleSources } from './compute-module.ts';
import { anEntry, findTestTofu, noTofuReason } from './test-bench.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });

const readme = readFileSync(join(computeDirectory, 'README.md'), 'utf8');
/** What the README shows, by provider. */
const snippets = new Map(
  [...readme.matchAll(/^```hcl\n([\s\S]*?)^```$/gm)].map(([, text = '']) => [
    /"\.\/infra\/compute\/(\w+)"/.exec(text)?.[1] ?? '',
    text,
  ]),
);
let mirror: string | undefined;
beforeAll(() => {
  mirror = findSnapshotMirror();
});

/** The types of entries in one map differ in what they leave out, so the values are objects. */
const declared = ['runners', 'user_data', 'launcher'].map(
  (name) => `variable "${name}" {\n  type = any\n}\n`,
);
const cloudEntries = (provider: 'aws' | 'yandex') =>
  (['vm', 'serverless'] as const).map((type) => aCloudEntry(aCloudEgg(provider), type, { id: type }));

describe('the module used alone, as its README shows', () => {
  it('is shown for every provider, with the version it has', () => {
    expect([...snippets.keys()]).toEqual(['aws', 'yandex', 'local']);
    for (const text of snippets.values()) {
      expect(text).toContain(`module_version   = "${computeModule().version}"`);
      expect(text).toContain(`machine_revision = ${computeModule().machineRevision}\n`);
    }
  });

  it.for([
    ['aws', ['aws_ecs_service', 'aws_ecs_task_definition', 'aws_instance']],
    ['yandex', ['terraform_data', 'yandex_compute_instance', 'yandex_serverless_container']],
    ['local', ['terraform_data', 'terraform_data']],
  ] as const)('is formatted, and plans the runners of %s', async ([provider, planned], { skip }) => {
    if (provider === 'local') skip(findTestTofu() === undefined, noTofuReason);
    else skip(mirror === undefined, noSnapshotReason);
    const entries = provider === 'local' ? [anEntry({ runner_id: 'vm' })] : cloudEntries(provider);
    const values = {
      runners: Object.fromEntries(entries.map((entry) => [entry.runner_id, entry])),
      user_data: { vm: 'AAAA', serverless: '' },
      launcher: { data_dir: '/data', agent_command: ['/node'], agent_env: {} },
    };
    const modules = [...readBundleSources(provider).moduleFiles].map(
      ([name, text]) => [`infra/compute/${provider}/${name}`, text] as const,
    );
    const files = new Map([
      ...modules,
      ['main.tf', snippets.get(provider) ?? ''],
      ['variables.tf', declared.join('\n')],
      ['pg.auto.tfvars.json', JSON.stringify(values)],
      [
        'tofu.rc',
        `provider_installation {\n  filesystem_mirror {\n    path = "${mirror ?? '/none'}"\n  }\n}\n`,
      ],
    ]);
    const bundle = { files, withoutTokens: () => files, initSha256: '', secrets: [] };
    const at = { mirror: mirror ?? '', env: { AWS_REGION: 'eu-central-1' } };
    using run = openCloudRun(provider === 'local' ? 'aws' : provider, bundle, at);

    const formatted = await run.tofu('fmt', '-check', '-diff', '-no-color');
    const begun = await run.tofu('init', '-no-color');
    const made = await run.tofu('plan', '-no-color', '-out=plan');
    const { stdout } = await run.tofu('show', '-json', 'plan');

    expect(formatted).toEqual({ code: 0, stdout: '' });
    expect([begun, made]).toEqual([
      expect.objectContaining({ code: 0 }),
      expect.objectContaining({ code: 0 }),
    ]);
    const changes: { type: string; change: { actions: string[] } }[] = JSON.parse(stdout).resource_changes;
    expect(changes.map(({ type }) => type).toSorted()).toEqual(planned);
    expect(changes.flatMap(({ change }) => change.actions)).toEqual(planned.map(() => 'create'));
  });
});
