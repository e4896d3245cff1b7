import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bootstrapAnswer } from '../../testing/fake-mother-goose.ts';
import { renderConfigToml } from './config-toml.ts';

const gitlab = { url: 'https://gitlab.example', token: 'glrt-t1_abcdef', system_id: 'r_abcdefabcdef' };
const config = { executor: 'shell', environment: { A: 'x=y' }, concurrent: 2, tags: [] as string[] } as const;

function render(more: Partial<Parameters<typeof bootstrapAnswer>[0]['config']> = {}, url = gitlab.url) {
  const { text, problem } = renderConfigToml({
    answer: bootstrapAnswer({ gitlab: { ...gitlab, url }, config: { ...config, tags: [], ...more } }),
    listenAddress: '127.0.0.1:4000',
    buildsDir: '/b',
    cacheDir: '/c',
    caFile: undefined,
    shutdownTimeoutS: 15,
  });
  const table = parse(text);
  const runners = z.array(z.record(z.string(), z.unknown())).parse(table['runners']);
  return { table, problem, runners, runner: runners[0] ?? {} };
}

describe('renderConfigToml', () => {
  it('gives one runner that takes what this machine may take and is never switched off for an hour', () => {
    const { table, runner } = render();

    expect(table).toMatchObject({
      concurrent: 2,
      check_interval: 3,
      log_format: 'json',
      listen_address: '127.0.0.1:4000',
    });
    expect(runner).toMatchObject({
      url: 'https://gitlab.example',
      token: 'glrt-t1_abcdef',
      executor: 'shell',
      limit: 2,
      unhealthy_interval: '2m',
      environment: ['A=x=y'],
      feature_flags: { FF_DISABLE_AUTOMATIC_TOKEN_ROTATION: true },
    });
  });

  it('asks a GitLab on this machine every second', () => {
    expect(render({}, 'http://127.0.0.1:8929').table['check_interval']).toBe(1);
  });

  it('writes the docker section in the words of config.toml', () => {
    const docker = { privileged: true, pullPolicy: 'always', allowedImages: ['a/*'], authConfigSecret: 'x' };
    const { runner } = render({ executor: 'docker', image: 'ruby:3', docker });

    expect(runner['docker']).toEqual({
      image: 'ruby:3',
      privileged: true,
      pull_policy: 'always',
      allowed_images: ['a/*'],
    });
  });

  it('takes extra keys of the Egg, but none that the agent stands on', () => {
    const extra =
      'connection_max_age = "1h"\nconcurrent = 99\n[[runners]]\noutput_limit = 8192\ntoken = "stolen"\nurl = "https://evil"\n[runners.feature_flags]\nFF_X = true\n';
    const { table, runner } = render({ config_toml_extra: extra });

    expect(table).toMatchObject({ concurrent: 2, connection_max_age: '1h' });
    expect(runner).toMatchObject({
      output_limit: 8192,
      token: 'glrt-t1_abcdef',
      url: 'https://gitlab.example',
    });
    expect(runner['feature_flags']).toEqual({ FF_DISABLE_AUTOMATIC_TOKEN_ROTATION: true, FF_X: true });
  });

  it('leaves an extra text out that is no TOML, and says so', () => {
    const { problem, runner } = render({ config_toml_extra: '[runners' });

    expect(problem).toContain('config_toml_extra is no TOML');
    expect(runner['limit']).toBe(2);
  });

  it('keeps hostile values values', () => {
    const hostile = '"\n[[runners]]\ntoken = "x';
    const { runners, runner } = render({ environment: { A: hostile }, pre_build_script: hostile });

    expect(runner['environment']).toEqual([`A=${hostile}`]);
    expect(runner['pre_build_script']).toBe(hostile);
    expect(runners).toHaveLength(1);
  });
});
