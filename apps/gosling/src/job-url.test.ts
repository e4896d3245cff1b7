import { describe, expect, it } from 'vitest';
import { parseJobUrl } from './job-url.ts';

describe('parseJobUrl', () => {
  it.each([
    ['https://gitlab.com/group/app/-/jobs/123', { server: 'gitlab.com', project: 'group/app', jobId: 123 }],
    [
      'https://GitLab.Example:8443/a/b/c/d/-/jobs/9#L12',
      { server: 'gitlab.example:8443', project: 'a/b/c/d', jobId: 9 },
    ],
    [
      'http://127.0.0.1:8080/root/app/-/jobs/1/raw?x=y',
      { server: '127.0.0.1:8080', project: 'root/app', jobId: 1 },
    ],
  ])('reads %s', (text, address) => {
    expect(parseJobUrl(text)).toEqual(address);
  });

  it.each([
    '',
    '123',
    'https://gitlab.com/group/app/-/pipelines/123',
    'https://gitlab.com/-/jobs/123',
    'https://gitlab.com/group/app/-/jobs/0',
    'https://gitlab.com/group/app/-/jobs/12x',
    'ftp://gitlab.com/group/app/-/jobs/1',
    'https://gitlab.com/%E0%A4%A/app/-/jobs/1',
  ])('refuses %j', (text) => {
    expect(parseJobUrl(text)).toBeUndefined();
  });
});
