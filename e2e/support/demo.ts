import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOf } from './processes.ts';
import { type Screen, startTerminal, type Terminal } from './terminal.ts';
import { findTestTofu } from './tofu.ts';
import { root } from './world.ts';

/** Room for demos: a home and a folder for temporary files of their own, so that whatever stays is seen. */
export interface DemoRoom {
  readonly dir: string;
  readonly env: Record<string, string>;
  /** Types a line in the checkout. */
  type(line: string, options?: { env?: Record<string, string>; screen?: Screen }): Terminal;
  /**
   * Processes and files that stay. A second is given: the guard beside an OpenTofu that was ended by a signal looks
   * once a second.
   */
  left(): Promise<string[]>;
  remove(): Promise<void>;
}

export function createDemoRoom(): DemoRoom {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'gosling-room-')));
  const [home, temporary] = [join(dir, 'home'), join(dir, 'tmp')];
  mkdirSync(home);
  mkdirSync(temporary);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMPDIR: temporary,
    NODE_COMPILE_CACHE: join(root, '.cache/node'),
    GOSLING_TOFU_BIN: findTestTofu(),
    NO_COLOR: '1',
  };
  const terminals: Terminal[] = [];
  const builds = new Set<string>();
  // Builds of another user stand outside of any folder of ours; each runner notes where.
  const watch = setInterval(() => {
    for (const place of buildsNoted(temporary)) builds.add(place);
  }, 50);
  return {
    dir,
    env,
    type(line, { env: more = {}, screen = 'pipe' } = {}) {
      const terminal = startTerminal(line, { cwd: root, env: { ...env, ...more }, screen });
      terminals.push(terminal);
      return terminal;
    },
    async left() {
      const endsAt = performance.now() + 2_000;
      for (;;) {
        const found = leftIn(dir, temporary, builds);
        if (found.length === 0 || performance.now() > endsAt) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async remove() {
      clearInterval(watch);
      for (const terminal of terminals) {
        terminal.interrupt();
        await terminal.ended();
      }
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function leftIn(dir: string, temporary: string, builds: ReadonlySet<string>): string[] {
  return [
    ...processesOf({ dir }).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...readdirSync(temporary).map((name) => join(temporary, name)),
    ...[...builds].filter((place) => isThere(place)),
  ];
}

function buildsNoted(temporary: string): string[] {
  return list(temporary).flatMap((demo) => {
    const runners = join(temporary, demo, 'data/local-runners');
    return list(runners).flatMap((id) => {
      try {
        return [readFileSync(join(runners, id, 'builds-dir'), 'utf8').trim()];
      } catch {
        return []; // not yet, or not any more
      }
    });
  });
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isThere(dir: string): boolean {
  try {
    readdirSync(dir);
    return true;
  } catch {
    return false;
  }
}
