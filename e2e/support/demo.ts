import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CanaryWatch, entriesOf, watchCanaries } from './canary.ts';
import { processesOf, quietly } from './processes.ts';
import { type Screen, startTerminal, type Terminal } from './terminal.ts';
import { findTestTofu } from './tofu.ts';
import { endFolder, root } from './world.ts';

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
  /** Looks on; what it has found at the end fails `remove`. */
  readonly canaries: CanaryWatch;
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
  const canaries = watchCanaries({
    dir,
    dataDirs: () => entriesOf(temporary).map((demo) => join(demo, 'data')),
  });
  // Builds of another user stand outside of any folder of ours; each runner notes where.
  const watch = setInterval(() => {
    for (const place of buildsNoted(temporary)) builds.add(place);
  }, 50);
  return {
    dir,
    env,
    canaries,
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
        canaries.note('a terminal', terminal.output());
      }
      await endFolder(dir, canaries);
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
  const runners = entriesOf(temporary).flatMap((demo) => entriesOf(join(demo, 'data/local-runners')));
  // Not yet, or not any more.
  return runners.flatMap((dir) => quietly(() => readFileSync(join(dir, 'builds-dir'), 'utf8').trim()) ?? []);
}

function isThere(dir: string): boolean {
  return quietly(() => readdirSync(dir)) !== undefined;
}
