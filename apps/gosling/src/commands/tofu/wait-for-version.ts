import { type ApiClient, apiErrors, type Tool, type ToolVersion } from '@polar-gosling/api-contract';
import { formatDuration } from '@polar-gosling/kernel';
import type { CliContext } from '../../cli/command.ts';
import { cliErrors } from '../../cli-errors.ts';
import { formatBytes } from '../../ui/bytes.ts';
import { formatElapsed } from '../../ui/elapsed.ts';
import { createProgress } from '../../ui/progress.ts';
import type { ReceivedBytes, Stage } from '../../ui/stage.ts';

const everyMs = 1_000;
/** Without a terminal a line says now and then that it goes on. */
const noteEveryMs = 10_000;

export interface Awaited {
  readonly api: ApiClient;
  readonly kind: Tool['kind'];
  readonly version: string;
  /** The workers' own when not given. */
  readonly platform: string | undefined;
  /** What MotherGoose calls the request; a server that says none has one for each version and platform. */
  readonly id: string | undefined;
  readonly timeoutMs: number;
}

/** Waits until a worker has it, and shows that; fails with what the worker found, or with CLI_TIMED_OUT. */
export async function waitForVersion(context: CliContext, at: Awaited): Promise<ToolVersion> {
  const { output, clock, flags } = context;
  const { isTty, hasColour: color } = output.stderr;
  const progress = createProgress({ out: output.stderr, clock, isTty, color, json: flags.json });
  const stage = progress.stage(`fetching ${at.kind} ${at.version}`);
  try {
    const done = await poll(context, at, stage);
    stage.done();
    return done;
  } catch (error) {
    if (!context.signal.aborted) stage.fail('it is not here');
    throw error;
  } finally {
    progress.close();
  }
}

async function poll({ clock, signal, output }: CliContext, at: Awaited, stage: Stage): Promise<ToolVersion> {
  const startedAt = clock.monotonic();
  let notedAt = startedAt;
  let seenBytes: number | undefined;
  for (;;) {
    const { items } = await at.api.call('listTools', {}, { signal });
    const found = findVersion(toolOf(items, at.kind), at);
    if (found?.state === 'installed') return found;
    const now = clock.monotonic();
    if (now - startedAt >= at.timeoutMs) {
      const what = `${at.kind} ${at.version}`;
      throw cliErrors.timedOut({
        what: `${what} was not here after ${formatDuration(at.timeoutMs)}`,
        fix: 'a worker may still be at it: gosling tofu versions shows how that ends',
      });
    }
    const bytes = receivedOf(found);
    if (bytes !== undefined && bytes.received !== seenBytes) stage.received(bytes);
    seenBytes = bytes?.received;
    if (!output.stderr.isTty && now - notedAt >= noteEveryMs) {
      notedAt = now;
      const came = bytes === undefined ? '' : `, ${formatBytes(bytes)}`;
      stage.note(`still at it (${formatElapsed(now - startedAt)}${came})`);
    }
    await clock.sleep(Math.min(everyMs, startedAt + at.timeoutMs - now), signal);
  }
}

/** The row that stands for it now; fails with what the worker found. */
function findVersion(tool: Tool, at: Awaited): ToolVersion | undefined {
  const platform = at.platform ?? tool.platform;
  const found = tool.versions.filter((each) => each.version === at.version && each.platform === platform);
  const asked = found.find(({ id, state }) => state !== 'installed' && (at.id === undefined || id === at.id));
  if (asked?.state === 'failed') {
    const { code = 'BINARY_DOWNLOAD', detail = 'it could not be fetched' } = asked.problem ?? {};
    throw apiErrors.problem({ status: 422, code, detail: `${at.kind} ${at.version}: ${detail}` });
  }
  // Where there are several builds it is the one that came last.
  const here = found.filter(({ state }) => state === 'installed');
  return asked ?? here.toSorted((a, b) => (b.downloaded_at ?? '').localeCompare(a.downloaded_at ?? ''))[0];
}

function receivedOf(version: ToolVersion | undefined): ReceivedBytes | undefined {
  if (version?.progress === undefined) return undefined;
  const { received_bytes: received, total_bytes: total } = version.progress;
  return { received, total };
}

export function toolOf(items: readonly Tool[], kind: Tool['kind']): Tool {
  const found = items.find((tool) => tool.kind === kind);
  if (found !== undefined) return found;
  throw cliErrors.missing({ what: `program ${kind}`, fix: 'is MotherGoose of the same release?' });
}
