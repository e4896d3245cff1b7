import { describe, expect, it } from 'vitest';
import { nestProjectOf } from './nest-project.ts';

describe("the Nest's project in GitLab", () => {
  it.each([
    ['git@gitlab.example.com:group/sub/nest.git', 'gitlab.example.com', 'https://gitlab.example.com'],
    [
      'ssh://git@gitlab.example.com:2222/group/sub/nest.git',
      'gitlab.example.com',
      'https://gitlab.example.com',
    ],
    [
      'https://GitLab.example.com:8443/group/sub/nest/',
      'gitlab.example.com:8443',
      'https://gitlab.example.com:8443',
    ],
  ])('is told by %s', (address, server, url) => {
    expect(nestProjectOf(address)).toEqual({ server, url, path: 'group/sub/nest' });
  });

  it.each([
    ['git@ssh.example.com:group/nest.git', 'https://gitlab.example.com'],
    ['ssh://git@127.0.0.1:2222/group/nest.git', 'https://gitlab.example.com:8443'],
    ['ssh://git@example.com/group/nest.git', 'https://example.com/gitlab'],
    ['https://example.com/gitlab/group/nest.git', 'https://example.com/gitlab'],
  ])('of %s is where GitLab is said to be: %s', (address, gitlabUrl) => {
    const { host } = new URL(gitlabUrl);

    expect(nestProjectOf(address, gitlabUrl)).toEqual({ server: host, url: gitlabUrl, path: 'group/nest' });
  });

  it.each(['file:///srv/nest.git', '/srv/nest.git', 'https://gitlab.example.com/', 'nonsense'])(
    'is not known from %s',
    (address) => {
      expect(nestProjectOf(address)).toBeUndefined();
    },
  );
});
