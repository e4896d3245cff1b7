// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are HCL's own marks
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { sha256Hex } from '@polar-gosling/kernel';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  aCloudEgg,
  aCloudEntry,
  findSnapshotMirror,
  noSnapshotReason,
  openCloudRun,
  renderCloud,
} from './cloud-bench.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });
const howMany = 1_000;
let mirror = '';
beforeAll(() => {
  mirror = findSnapshotMirror() ?? '';
});

const marks = [
  ...['"', "'", '\\', '\n', '\r', '\t', '\u0000', '\u001b', '\u007f', '\u2028', '\u2029', '\ufeff', '\ufffe'],
  ...[
    '$',
    '%',
    '{',
    '}',
    '${',
    '%{',
    '$${',
    '%%{',
    '${~',
    '~}',
    '<<EOT\n',
    '\nEOT\n',
    '<<-EOT\n',
    '#',
    '//',
    '/*',
    '*/',
  ],
  ...[
    '${file("/etc/passwd")}',
    '${1 + 1}',
    '%{ if true }x%{ endif }',
    '${var.runners}',
    '$(id)',
    '`id`',
    '{{ 7 * 7 }}',
  ],
  ...[
    '"\n}\nresource "terraform_data" "x" {\n',
    '{% raw %}',
    '\\u0041',
    '\\x41',
    'null',
    'true',
    '0x10',
    '-',
    '--',
    '😀',
    'é',
  ],
];
const hostile = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...marks) }, fc.string({ unit: 'binary' })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join(''));

describe('hostile values in an entry for a cloud', () => {
  beforeEach(({ skip }) => skip(mirror === '', noSnapshotReason));

  it(`reach the provider as they are, ${howMany} of them, and nothing is evaluated`, async () => {
    const values = [...marks, ...fc.sample(hostile, howMany - marks.length)].map((text) =>
      text.normalize('NFC'),
    );
    const tags = Object.fromEntries(values.map((value, place) => [`t${place}`, value]));
    const entry = { ...aCloudEntry(aCloudEgg('aws'), 'vm'), tags };
    const task = {
      ...aCloudEntry(aCloudEgg('aws'), 'serverless', { id: 'r2' }),
      egg_name: values.join(''),
      gosling_url: values.join(' '),
    };
    using run = openCloudRun('aws', renderCloud('aws', [entry, task], { providerMirror: mirror }), {
      mirror,
    });
    await run.tofu('init');

    const { code } = await run.tofu('apply', '-auto-approve', '-no-color');

    expect(code).toBe(0);
    const asked = new Map(run.asked().map(({ type, values: given }) => [type, given]));
    expect(asked.get('aws_instance')?.['tags']).toEqual({
      ...tags,
      Name: entry.name,
      'polar-gosling-module': expect.any(String),
    });
    const [container] = JSON.parse(asked.get('aws_ecs_task_definition')?.['container_definitions'] ?? '[]');
    expect(container.command).toEqual(['runner', '--runner-id', 'r2', '--egg-name', task.egg_name]);
    expect(container.environment[0]).toEqual({ name: 'GOSLING_URL', value: task.gosling_url });
  });
});

describe('a bundle', () => {
  const script = `
import { createHash } from 'node:crypto';
import { aCloudEgg, aCloudEntry, renderCloud } from ${JSON.stringify(join(import.meta.dirname, 'cloud-bench.ts'))};
const ids = JSON.parse(process.argv[1]);
const entries = ids.map((id) => aCloudEntry(aCloudEgg('aws'), id.startsWith('v') ? 'vm' : 'serverless', { id }));
const turned = entries.map((entry) => Object.fromEntries(Object.entries(entry).reverse()));
const { files } = renderCloud('aws', process.argv[2] === 'turned' ? turned : entries);
process.stdout.write(createHash('sha256').update(JSON.stringify([...files])).digest('hex'));
`;
  const hashIn = (env: Record<string, string>, ids: readonly string[], order = 'given') =>
    execFileSync(
      process.execPath,
      ['--input-type=module-typescript', '-e', script, JSON.stringify(ids), order],
      {
        env: { PATH: '/usr/bin:/bin', ...env },
        encoding: 'utf8',
      },
    );

  it('is the same to the byte in another process, time zone, locale and order', () => {
    const ids = ['v1', 'v2', 'f3'];
    const entries = ids.map((id) =>
      aCloudEntry(aCloudEgg('aws'), id.startsWith('v') ? 'vm' : 'serverless', { id }),
    );
    const here = sha256Hex(JSON.stringify([...renderCloud('aws', entries).files]));

    const elsewhere = [
      hashIn({ TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }, ids),
      hashIn({ TZ: 'America/Anchorage', LANG: 'C' }, ids.toReversed()),
      hashIn({}, ids, 'turned'),
    ];

    expect(elsewhere).toEqual([here, here, here]);
    expect(hashIn({}, ['v1', 'v2'])).not.toBe(here);
  });
});
