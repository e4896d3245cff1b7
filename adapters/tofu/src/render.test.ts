// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are HCL's own marks
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { aCloudEgg, aCloudEntry, renderCloud } from './cloud-bench.ts';
import { computeDirectory, computeModule, readBundleSources } from './compute-module.ts';
import { type RenderInput, renderBundle } from './render.ts';
import { hclString } from './templates.ts';
import { anEntry, bring, createBench, findTestTofu, noTofuReason, readJson, wants } from './test-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const program = findTestTofu();
const sources = readBundleSources('local');
const input: RenderInput = {
  wanted: wants([anEntry({ runner_id: 'r1' }), anEntry({ runner_id: 'r2' })]),
  state: { kind: 'local', path: '/data/tofu-states/web/terraform.tfstate' },
  providerMirror: '/data/providers',
  launcher: { data_dir: '/data', agent_command: ['/node', '/main.ts'], agent_env: { TZ: 'UTC' } },
};

describe('a bundle', () => {
  it('holds the rendered templates, the module and one file of values', () => {
    const { files } = renderBundle(sources, input);

    expect([...files.keys()].toSorted()).toEqual([
      'checks.tf',
      'compute/main.tf',
      'compute/outputs.tf',
      'compute/variables.tf',
      'compute/versions.tf',
      'data.tf',
      'pg.auto.tfvars.json',
      'providers.tf',
      'resources.tf',
      'tofu.rc',
      'variables.tf',
      'versions.tf',
    ]);
    expect(files.get('versions.tf')).toContain('path = "/data/tofu-states/web/terraform.tfstate"');
    expect(JSON.parse(files.get('pg.auto.tfvars.json') ?? '')).toEqual({
      runners: { r1: anEntry({ runner_id: 'r1' }), r2: anEntry({ runner_id: 'r2' }) },
      launcher: input.launcher,
      module_version: computeModule().version,
      machine_revision: computeModule().machineRevision,
    });
  });

  it('is the same to the byte, in whatever order its entries came', () => {
    const entries = [...input.wanted.entries].toReversed();

    const again = renderBundle(readBundleSources('local'), {
      ...input,
      wanted: { ...input.wanted, entries: new Map(entries) },
    });

    expect(again.files).toEqual(renderBundle(sources, input).files);
  });

  it('is kept without one-time tokens, and otherwise as it is', () => {
    const tokens = ['gla-1111111111', 'gla-2222222222'];
    const entries = tokens.map((token, n) => anEntry({ runner_id: `r${n}`, bootstrap_token: token }));

    const { files, withoutTokens } = renderBundle(sources, { ...input, wanted: wants(entries) });

    const kept = withoutTokens();
    const changed = [...files].filter(([path, text]) => kept.get(path) !== text).map(([path]) => path);
    expect([...kept.keys()]).toEqual([...files.keys()]);
    expect(changed).toEqual(['pg.auto.tfvars.json']);
    expect(tokens.filter((token) => files.get('pg.auto.tfvars.json')?.includes(token))).toEqual(tokens);
    expect(tokens.filter((token) => kept.get('pg.auto.tfvars.json')?.includes(token))).toEqual([]);
  });

  it.each(['aws', 'yandex'] as const)('is kept without the tokens that user data of %s holds', (provider) => {
    const token = 'bt-r1-3333333333';
    const bundle = renderCloud(provider, [aCloudEntry(aCloudEgg(provider), 'vm', { id: 'r1-3333333333' })]);
    const textOf = (files: ReadonlyMap<string, string>) => {
      const values = JSON.parse(files.get('pg.auto.tfvars.json') ?? '');
      const [userData] = Object.values<string>(values.user_data);
      return `${[...files.values()].join('')}${Buffer.from(userData ?? '', 'base64')}`;
    };

    const token64 = Buffer.from(token).toString('base64');
    expect([token, token64].some((text) => textOf(bundle.files).includes(text))).toBe(true);
    expect([token, token64].some((text) => textOf(bundle.withoutTokens()).includes(text))).toBe(false);
  });

  it('needs a new init only for another shape, not for other values', () => {
    const one = renderBundle(sources, input);

    const fewer = renderBundle(sources, { ...input, wanted: wants([]) });
    const elsewhere = renderBundle(sources, { ...input, state: { kind: 'local', path: '/data/other' } });

    expect(fewer.initSha256).toBe(one.initSha256);
    expect(fewer.files).not.toEqual(one.files);
    expect(elsewhere.initSha256).not.toBe(one.initSha256);
  });

  it('has values of users in the file of values only', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: 'grapheme' }), (text) => {
        const entry = anEntry({ runner_id: 'r1', name: text, egg_name: text, tags: { [text]: text } });
        const plain = renderBundle(sources, { ...input, wanted: wants([anEntry({ runner_id: 'r1' })]) });

        const { files } = renderBundle(sources, { ...input, wanted: wants([entry]) });

        const changed = [...files].filter(([path, content]) => plain.files.get(path) !== content);
        expect(changed.map(([path]) => path)).toEqual(['pg.auto.tfvars.json']);
      }),
    );
  });

  it.each([
    ['no JSON object', 'null'],
    ['an unknown field', JSON.stringify({ ...anEntry({ runner_id: 'r1' }), more: 1 })],
    ['the entry of another runner', JSON.stringify(anEntry({ runner_id: 'r2' }))],
    ['an id that is none', JSON.stringify(anEntry({ runner_id: '../r1' }))],
  ])('refuses %s', (_what, text) => {
    const wanted = { ...input.wanted, entries: new Map([['r1', text]]) };

    expect(() => renderBundle(sources, { ...input, wanted })).toThrow(/the entry of runner r1 is/);
  });

  it('refuses a template that names what is not given', () => {
    const templates = new Map([...sources.templates, ['checks.tf', '{{ nothing }}']]);

    expect(() => renderBundle({ ...sources, templates }, input)).toThrow(/undefined value/);
  });
});

const hostile = [
  ...[
    '"',
    "'",
    '\\',
    '\n',
    '\r\n',
    '\t',
    '$',
    '%',
    '${',
    '%{',
    '$${',
    '%%{',
    '}',
    '`id`',
    '$(id)',
    '<<EOT\nEOT',
  ],
  ...[
    '${file("/etc/passwd")}',
    '%{ if true }x%{ endif }',
    '"\n}\nresource "terraform_data" "pwn" {',
    '{{ 7 * 7 }}',
  ],
  ...[
    '{% raw %}',
    '#{x}',
    '<&>',
    '\u0000',
    '\u0001\u007f',
    '\u2028\u2029',
    '\ufeff',
    '😀',
    'à la carte',
    '-',
    '--',
    '',
  ],
];

describe('hostile text in an entry', () => {
  beforeEach(({ skip }) => skip(program === undefined, noTofuReason));

  it('arrives as it is and is never evaluated', async () => {
    const values = [...hostile, ...hostile.map((one) => `a${one}b${one}${one}`), hostile.join('')];
    const tags = Object.fromEntries(values.map((value, place) => [`t${place}`, value]));
    const sent = anEntry({ runner_id: 'r1', name: values.join(' '), egg_name: 'we"b ${x}\n%{y}', tags });
    await using bench = createBench(program ?? '');
    const computeDir = join(bench.dir, 'compute');
    cpSync(computeDirectory, computeDir, { recursive: true });
    const launcher = join(computeDir, 'local', 'launcher.mjs');
    const keep = `import { writeFileSync as keep } from 'node:fs';
keep(process.env.GOSLING_DATA_DIR + '/entry.json', process.env.GOSLING_ENTRY ?? '{}');
`;
    writeFileSync(launcher, keep + readFileSync(launcher, 'utf8'));
    const tofu = bench.reopen({ computeDir });

    const { outcome } = await bring(tofu, wants([sent]));
    const { argv } = await bench.seen('r1');

    expect(outcome?.kind).toBe('ok');
    // What an entry does not say is null to OpenTofu.
    const absent = { image: null, executor: null, privileged: null };
    expect(readJson(join(bench.dataDir, 'entry.json'))).toEqual({ ...sent, ...absent });
    expect(argv).toEqual(['runner', '--runner-id', 'r1', '--egg-name', sent.egg_name]);
  });

  it('cannot leave a path that is part of a template', async () => {
    await using bench = createBench(program ?? '');
    const dataDir = join(bench.dir, 'a "b" ${c} %{d} $${e}');

    const { outcome } = await bring(bench.reopen({ dataDir }), wants([]));

    expect(outcome).toBeUndefined();
    expect(existsSync(join(dataDir, 'tofu-states', 'web'))).toBe(true);
  });
});

describe('a quoted HCL string', () => {
  it('leaves no quote, mark or control character that means something', () => {
    expect(hclString('a"\\${b}%{c}\n\u0001')).toBe('"a\\"\\\\$${b}%%{c}\\n\\u0001"');
  });
});
