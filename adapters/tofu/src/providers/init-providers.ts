import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallOptions } from '@polar-gosling/ports/store';
import { tofuErrors } from '@polar-gosling/ports/tofu';
import { tofuEnvironment } from '../environment.ts';
import { interruptMarkerOf } from '../interrupt.ts';
import { readTail, withOutput } from '../output.ts';
import { startTool } from '../process.ts';
import { hclString } from '../templates.ts';
import type { Filling } from './filling.ts';

const detailLetters = 2000;
const stderrBytes = 64 * 1024;

/** Runs `init` of a project for its providers alone: no state, no values, no credentials of a cloud. */
export async function initProviders(
  at: Filling,
  made: { work: string; project: string; lock: string | undefined; isOnline: boolean },
  { signal }: CallOptions,
): Promise<void> {
  const { work, project } = made;
  const settings = join(project, 'tofu.rc');
  await writeFile(settings, cliSettings(at, made), { mode: 0o600 });
  const readonly = made.lock === undefined ? [] : ['-lockfile=readonly'];
  const command = {
    program: at.tool.path,
    args: ['init', '-input=false', '-no-color', '-backend=false', ...readonly],
    cwd: project,
    env: tofuEnvironment(at.environment, project),
    interruptMarker: interruptMarkerOf(work, 0),
    ...{ hardEndAt: at.hardEndAt, graceMs: at.graceMs },
  };
  const { code, stoppedFor, stderr } = await withOutput(work, async (output) => {
    const { done } = await startTool({ ...command, output }, at.clock, signal);
    return { ...(await done), stderr: await readTail(output.stderr, stderrBytes) };
  });
  signal.throwIfAborted();
  if (code === 0) return;
  const providers = at.needs.map(({ source, constraints }) => [source, ...constraints].join(' ')).join(', ');
  const said = plainText(stderr);
  const reason = stoppedFor === undefined ? said : `it was stopped: ${stoppedFor}`;
  throw tofuErrors.providers({ providers, reason });
}

function cliSettings(
  { hostMirror, mirror }: Pick<Filling, 'hostMirror' | 'mirror'>,
  { work, isOnline }: { work: string; isOnline: boolean },
): string {
  // OpenTofu takes the address for a folder.
  const url = hclString(mirror?.replace(/\/*$/, '/') ?? '');
  const network = mirror === undefined ? 'direct {}' : `network_mirror {\n    url = ${url}\n  }`;
  return `disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path = ${hclString(join(work, 'packed'))}
  }
  filesystem_mirror {
    path = ${hclString(hostMirror)}
  }
${isOnline ? `  ${network}\n` : ''}}
`;
}

/** OpenTofu's words without its frames. */
function plainText(text: string): string {
  return text.replaceAll(/[╷│╵]/g, ' ').replaceAll(/\s+/g, ' ').trim().slice(0, detailLetters);
}
