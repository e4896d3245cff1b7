import { configVariables } from '@polar-gosling/api-contract/settings';
import { describe, expect, it } from 'vitest';
import { readAgentConfig, readCliConfig } from './config.ts';

describe('readCliConfig', () => {
  it('fills every default', () => {
    const { config, problems } = readCliConfig({ HOME: '/home/me' }, '/work');

    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      url: undefined,
      isOffline: false,
      dataDir: '/work/.gosling',
      profileFile: '/home/me/.config/gosling/config.json',
    });
  });

  it('reports every problem at once, with the name that was meant', () => {
    const { problems } = readCliConfig(
      { GOSLING_DATADIR: 'x', GOSLING_URL: 'not an address', GOSLING_XYZZY: '1' },
      '/',
    );

    expect(problems).toEqual([
      'GOSLING_DATADIR: no such setting; did you mean GOSLING_DATA_DIR?',
      'GOSLING_XYZZY: no such setting; `gosling doctor` lists them all',
      'GOSLING_URL is no http(s) address',
    ]);
  });

  it('knows settings of the store, queue, blobs and secrets by their beginning', () => {
    const env = {
      GOSLING_STORE_ENDPOINT: 'x',
      GOSLING_QUEUE_URL: 'x',
      GOSLING_SECRETS_MOUNT: 'x',
      OTHER: 'x',
    };

    expect(readCliConfig(env, '/').problems).toEqual([]);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readCliConfig({ GOSLING_URL: '', GOSLING_OFFLINE: '0', NO_COLOR: '' }, '/').config).toMatchObject({
      url: undefined,
      isOffline: false,
      noColor: false,
    });
  });
});

describe('readAgentConfig', () => {
  it('hands gitlab-runner nothing of ours and nothing that was not named', () => {
    const env = Object.fromEntries(configVariables.map(({ name }) => [name, 'x']));

    const { childEnv } = readAgentConfig({
      ...env,
      PATH: '/bin',
      AWS_SECRET_ACCESS_KEY: 'x',
      https_proxy: 'http://p',
    });

    expect(childEnv).toEqual({ PATH: '/bin', https_proxy: 'http://p' });
  });
});
