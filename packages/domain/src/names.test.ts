import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eggName,
  isEggName,
  launchKey,
  physicalName,
  registrationId,
  runnerId,
  serverProject,
  serverSlug,
  splitServerProject,
  systemIdOf,
} from './names.ts';

describe('names', () => {
  it('takes labels of 1 to 63 letters, and none of the reserved words in any case', () => {
    expect(['a', 'my-app', 'Egg_1', 'x'.repeat(63)].every(isEggName)).toBe(true);
    expect(['', '-a', 'a-', 'a b', 'x'.repeat(64), 'Nest', 'ALL', 'default'].some(isEggName)).toBe(false);
  });

  it('reads a server and project back, whatever the port', () => {
    const key = serverProject('GitLab.Example.com:8443', 42);

    expect(key).toBe('gitlab.example.com:8443#42');
    expect(splitServerProject(key)).toEqual({ server: 'gitlab.example.com:8443', projectId: 42 });
    expect(serverSlug('GitLab.Example.com:8443')).toBe('gitlab.example.com_8443');
  });

  it('names a registration by Egg, server and scope', () => {
    const at = { server: 'GitLab.com', scope: 'group', scopeId: 7 } as const;

    expect(registrationId(eggName('app'), at)).toBe('app#gitlab.com#group#7');
  });

  it('gives cloud names that clouds take and that tell different things apart', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, two) => {
        const name = physicalName('egg', one);

        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,47}[a-z0-9])$/);
        expect(name === physicalName('egg', two)).toBe(one === two);
      }),
    );
  });

  it('derives a system id that names one runner only', () => {
    expect(systemIdOf(runnerId('r1'))).toMatch(/^r_[0-9a-f]{12}$/);
    expect(systemIdOf(runnerId('r1'))).not.toBe(systemIdOf(runnerId('r2')));
  });

  it('gives the same launch the same key', () => {
    expect(launchKey('app', 'gitlab.com#1#2', 0)).toBe('app/gitlab.com#1#2/0');
  });
});
