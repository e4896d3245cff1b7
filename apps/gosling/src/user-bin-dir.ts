import { homedir } from 'node:os';
import path from 'node:path';
import type { Environment } from './config.ts';

/** Where managed programs of this user are kept: GOSLING_BIN_DIR, else a folder that all installations share. */
export function userBinDir(env: Environment): string {
  const cache = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || homedir(), '.cache');
  return env['GOSLING_BIN_DIR'] || path.join(cache, 'polar-gosling', 'bin');
}
