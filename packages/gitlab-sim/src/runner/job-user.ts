import { execFileSync } from 'node:child_process';
import { runnerErrors } from './runner-errors.ts';

/** The system user that jobs run as. */
export interface JobUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Looks a user up by `id`; only root may run jobs as somebody else. */
export function findJobUser(name: string): JobUser {
  if (process.getuid?.() !== 0)
    throw runnerErrors.noSuchUser({ name, problem: 'only root can change the user' });
  const uid = askId('-u', name);
  if (uid === 0) throw runnerErrors.noSuchUser({ name, problem: 'it is root' });
  return { name, uid, gid: askId('-g', name) };
}

function askId(flag: string, name: string): number {
  try {
    const answer = execFileSync('id', [flag, '--', name], {
      env: { PATH: '/usr/bin:/bin' },
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return Number(answer.trim());
  } catch (cause) {
    throw runnerErrors.noSuchUser({ name, problem: 'there is no such user' }, { cause });
  }
}
