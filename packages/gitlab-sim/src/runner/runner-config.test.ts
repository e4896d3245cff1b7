import { describe, expect, it } from 'vitest';
import { parseRunnerArguments } from './runner-arguments.ts';
import { parseRunnerConfig } from './runner-config.ts';

const minimal = '[[runners]]\nurl = "https://gitlab.test/"\ntoken = "glrt-1"\nexecutor = "shell"\n';

describe('parseRunnerConfig', () => {
  it('fills what is left out as gitlab-runner does', () => {
    const parsed = parseRunnerConfig(`concurrent = 3\n${minimal}`);

    expect(parsed).toMatchObject({
      kind: 'ok',
      config: {
        concurrent: 3,
        checkIntervalMs: 3000,
        shutdownTimeoutMs: 30_000,
        listenAddress: undefined,
        runners: [
          {
            url: 'https://gitlab.test',
            limit: 0,
            requestConcurrency: 1,
            unhealthyRequestsLimit: 3,
            unhealthyIntervalMs: 3_600_000,
            outputLimitBytes: 4_194_304,
          },
        ],
      },
    });
  });

  it('takes note of the other keys gitlab-runner knows, with tables and dates', () => {
    const more = `
id = 7
token_obtained_at = 2026-01-01T00:00:00Z
cache_dir = "/var/cache"
environment = ["A=1=2", "B"]
[runners.feature_flags]
FF_DISABLE_AUTOMATIC_TOKEN_ROTATION = true
[runners.cache]
Type = "s3"
`;
    const parsed = parseRunnerConfig(`log_format = "json"\nconcurrent = 1\n${minimal}${more}`);

    expect(parsed).toMatchObject({
      kind: 'ok',
      config: {
        runners: [
          {
            environment: [
              { key: 'A', value: '1=2' },
              { key: 'B', value: '' },
            ],
          },
        ],
      },
    });
  });

  it('reports everything that is wrong at once', () => {
    const parsed = parseRunnerConfig(
      'concurrent = 0\nchek_interval = 1\n[[runners]]\nexecutor = "docker"\nenvironment = "A=1"\n',
    );

    expect(parsed).toEqual({
      kind: 'invalid',
      problems: [
        'concurrent should be a whole number, at least 1',
        'runners[0].executor should be "shell", not "docker"',
        'runners[0].url is missing',
        'runners[0].token is missing',
        'runners[0].environment should be a list of strings',
        'chek_interval is unknown',
      ],
    });
  });

  it('refuses text that is no TOML', () => {
    expect(parseRunnerConfig('concurrent: 3').kind).toBe('invalid');
  });
});

describe('parseRunnerArguments', () => {
  it('reads the command line of the real one', () => {
    const args = ['run', '--config', '/etc/config.toml', '--working-directory', '/tmp', '--user', 'ci'];

    expect(parseRunnerArguments(args)).toEqual({
      configPath: '/etc/config.toml',
      workingDirectory: '/tmp',
      user: 'ci',
      listenAddress: undefined,
    });
  });

  it('refuses a relative configuration, another command and unknown options', () => {
    const refused = (...args: string[]) =>
      expect(() => parseRunnerArguments(args)).toThrow(expect.objectContaining({ code: 'SIM_RUNNER_USAGE' }));

    refused('run', '--config', 'config.toml');
    refused('register', '--config', '/etc/config.toml');
    refused('run', '--config', '/etc/config.toml', '--executor', 'shell');
    refused('run');
  });
});
