import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFly, formatFly, parseFly, printText, spanOf, withDefaults } from './index.ts';

const folder = fileURLToPath(new URL('../../../specsuite/fly/original/', import.meta.url));
const examples = globSync('*.fly', { cwd: folder }).toSorted();
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

/**
 * The Fly examples printed in the original description. They have no typos; partial are `egg-project`,
 * `egg-group`, `egg-with-secrets` (no cloud, no resources: defaults hold) and `mothergoose-aws` ("similar
 * structure" comments instead of the rest). All are whole files of Fly.
 */
describe('the examples of the original description', () => {
  it('are all here', () => {
    expect(examples).toHaveLength(13);
  });

  it.each(examples)('%s is read without an error', (name) => {
    const parsed = parseFly(read(name), { file: name });
    const checked = checkFly(parsed);

    expect(parsed.diagnostics).toEqual([]);
    expect(checked.diagnostics.filter((diagnostic) => diagnostic.code !== 'FLY102')).toEqual([]);
    expect(checked.blocks).toHaveLength(1);
    expect(checked.blocks.every((block) => block.isValid)).toBe(true);
    expect(printText(parsed)).toBe(read(name));
  });

  it.each(examples)('%s keeps its values when it is formatted', (name) => {
    const formatted = formatFly(read(name));
    const before = checkFly(parseFly(read(name))).blocks.map((block) => block.values);
    const after = checkFly(parseFly(formatted)).blocks.map((block) => block.values);

    expect(after).toEqual(before);
    expect(formatFly(formatted)).toBe(formatted);
  });

  it('warns only of names of the Python services, each with what stands for it', () => {
    const checked = checkFly(parseFly(read('mothergoose-yandex.fly')));
    const names = checked.diagnostics.map((diagnostic) => diagnostic.message.split(' ')[0]);

    expect(new Set(names)).toEqual(
      new Set([
        'openapi_spec',
        'auth_function',
        'runtime',
        'handler',
        'command',
        'CELERY_BROKER_URL',
        'CELERY_RESULT_BACKEND',
        'DATABASE_TYPE',
        'MESSAGE_QUEUE_TYPE',
        'SECRET_BACKEND',
        'LOG_LEVEL',
        'tables',
      ]),
    );
    expect(examples.map((name) => basename(name))).toContain('mothergoose-yandex.fly');
  });

  it('gives typed values with the units of the schema', () => {
    const parsed = parseFly(read('egg-full.fly'));
    const egg = checkFly(parsed).blocks.find((block) => block.kind === 'egg');

    expect(egg?.values).toEqual({
      type: 'vm',
      cloud: { provider: 'yandex', region: 'ru-central1-a' },
      resources: { cpu: 2, memory: 4096, disk: 20 },
      runner: { tags: ['docker', 'linux'], concurrent: 3, idle_timeout: 600_000 },
      gitlab: { server: 'gitlab.com', project_id: 12345 },
      environment: { DOCKER_DRIVER: 'overlay2', CUSTOM_VAR: 'value' },
    });
  });

  it('reads the components of MG/config.fly under their present names', () => {
    const parsed = parseFly(read('mothergoose-yandex.fly'));
    const block = checkFly(parsed).blocks.find((found) => found.kind === 'mothergoose');
    const values = block?.values;

    expect(values?.api?.memory).toBe(512);
    expect(values?.workers?.scaling?.metric).toBe('queue_depth');
    expect(values?.uglyfox?.max_instances).toBe(5);
    expect(values?.message_queues?.dead_letter_queue?.map((queue) => queue.name)).toEqual([
      'mothergoose-dlq',
      'uglyfox-dlq',
    ]);
    expect(values?.service_accounts?.['uglyfox']?.roles).toContain('compute.admin');
    expect(values?.storage?.state_bucket?.lifecycle_rules?.['old_versions']?.expiration_days).toBe(90);
  });

  it('fills the defaults that hold everywhere, and no others', () => {
    const egg = checkFly(parseFly(read('egg-with-secrets.fly'))).blocks.find((block) => block.kind === 'egg');
    const filled = egg && withDefaults(egg);

    expect(filled?.resources).toEqual({ cpu: 2, memory: 4096, disk: 20 });
    expect(filled?.gitlab.server).toBe('gitlab.com');
    expect(filled?.runner).toEqual({
      tags: [],
      concurrent: 1,
      jobs_per_runner: 1,
      idle_timeout: 600_000,
      protected: false,
      locked: false,
    });
    expect(filled).not.toHaveProperty('cloud');
  });

  it('knows where each value stands', () => {
    const parsed = parseFly(read('eggsbucket-selected.fly'));
    const [bucket] = checkFly(parsed).blocks;
    const textAt = (path: readonly (string | number)[]) => {
      const span = bucket && spanOf(parsed, bucket, path);
      return parsed.text.slice(span?.start, span?.end);
    };

    expect(textAt([])).toBe('eggsbucket "selected-microservices"');
    expect(textAt(['runner', 'tags', 1])).toBe('"microservices"');
    expect(textAt(['repositories', 'repo', 'frontend-team', 'gitlab', 'group_id'])).toBe('67890');
    expect(textAt(['repositories', 'repo', 'payment-service'])).toBe('repo "payment-service"');
    expect(textAt(['resources', 'cpu'])).toBe('eggsbucket "selected-microservices"');
  });
});
