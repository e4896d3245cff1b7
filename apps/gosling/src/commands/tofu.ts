import type { ApiClient, Tool, ToolVersion } from '@polar-gosling/api-contract';
import { parseDuration } from '@polar-gosling/kernel';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { ago } from '../ui/ago.ts';
import { renderTable } from '../ui/table.ts';
import { installRequest } from './tofu/install-request.ts';
import { toolOf, waitForVersion } from './tofu/wait-for-version.ts';

type Kind = Tool['kind'];

const what = 'gosling tofu';

/** What is here, what is run, and with `--available` what could be had. */
export const listVersions: Command = async (context, input) => {
  const kind = kindOf(input);
  const repository = input.text('repository');
  const api = await connect(context, what);
  const query = input.flag('available') ? { available: kind, ...(repository && { repository }) } : {};
  const list = await api.call('listTools', { query }, { signal: context.signal });
  const tool = toolOf(list.items, kind);
  if (context.flags.json) {
    context.output.json({ ...tool, ...(list.available && { available: list.available }) });
    return exitCodes.ok;
  }
  printTool(context, tool);
  for (const version of list.available ?? []) context.output.data(version);
  return exitCodes.ok;
};

/** Asks for it and waits until a worker has it, or says why not. */
export const installVersion: Command = async (context, input) => {
  const kind = kindOf(input);
  const body = installRequest(input, kind);
  const timeoutMs = timeoutOf(input);
  const { version, platform } = body;
  const api = await connect(context, what);
  const { id } = await api.call('changeTool', { params: { kind }, body }, { signal: context.signal });
  const done = await waitForVersion(context, { api, kind, version, platform, id, timeoutMs });
  if (context.flags.json) context.output.json(done);
  else {
    const proof = done.proved_by === 'signature' ? 'its signature is right' : 'its checksum is right';
    context.output.talk(`${kind} ${version} for ${done.platform} is here; ${proof}`);
    context.output.talk(
      done.active ? 'runs use it from now on' : `use it: gosling tofu use ${version}${buildOf(done)}`,
    );
  }
  return exitCodes.ok;
};

export const useVersion: Command = async (context, input) => {
  const kind = kindOf(input);
  const version = input.argument('VERSION');
  const sha256 = input.texts('sha256');
  const wrong = sha256.find((sum) => !/^[0-9a-fA-F]{8,64}$/.test(sum));
  if (wrong !== undefined) {
    throw cliErrors.usage({
      problem: `--sha256 "${wrong}" is no beginning of a SHA-256`,
      fix: 'give 8 hexadecimal digits or more of it: gosling tofu versions shows them',
    });
  }
  const api = await connect(context, what);
  await api.call(
    'changeTool',
    { params: { kind }, body: { action: 'use', version, ...(sha256.length > 0 && { sha256: [...sha256] }) } },
    { signal: context.signal },
  );
  return printActive(context, api, kind);
};

export const rollbackVersion: Command = async (context, input) => {
  const kind = kindOf(input);
  const api = await connect(context, what);
  await api.call(
    'changeTool',
    { params: { kind }, body: { action: 'rollback' } },
    { signal: context.signal },
  );
  return printActive(context, api, kind);
};

/** Another build of that version may be here too. */
function buildOf({ sha256 }: ToolVersion): string {
  return sha256 === undefined ? '' : ` --sha256 ${sha256.slice(0, 12)}`;
}

async function printActive(context: CliContext, api: ApiClient, kind: Kind): Promise<0> {
  const { items } = await api.call('listTools', {}, { signal: context.signal });
  const tool = toolOf(items, kind);
  const active = tool.versions.find((version) => version.active);
  if (context.flags.json) context.output.json(active);
  else context.output.talk(`${kind} ${active?.version ?? '?'} is in use; the next run takes it`);
  // Named by the environment, it goes before all that is managed.
  if (kind === 'tofu' && tool.running?.source === 'GOSLING_TOFU_BIN') {
    context.output.talk('but GOSLING_TOFU_BIN names another one, which goes first');
  }
  return exitCodes.ok;
}

function printTool({ output, clock }: CliContext, tool: Tool): void {
  const { running } = tool;
  if (running !== undefined) {
    output.talk(`running: ${running.product} ${running.version} (${running.source}) on ${tool.platform}`);
  }
  if (tool.versions.length === 0) {
    output.talk('no version is managed yet: gosling tofu install VERSION');
    return;
  }
  const rows = tool.versions.map((each) => [
    each.version,
    each.platform,
    each.sha256?.slice(0, 12) ?? '',
    each.active ? 'in use' : each.state,
    each.proved_by ?? '',
    each.downloaded_at === undefined ? '' : ago(each.downloaded_at, clock.now()),
    each.problem?.detail ?? '',
  ]);
  const header = ['VERSION', 'PLATFORM', 'SHA-256', 'STATE', 'PROVED BY', 'FETCHED', 'PROBLEM'];
  output.data(renderTable(header, rows, { style: output.dataStyle, columns: output.stdout.columns }));
}

function kindOf(input: CommandInput): Kind {
  return input.text('of') === 'gosling' ? 'gosling' : 'tofu';
}

function timeoutOf(input: CommandInput): number {
  const text = input.text('timeout') ?? '20m';
  const timeoutMs = parseDuration(text);
  if (timeoutMs !== undefined && timeoutMs > 0) return timeoutMs;
  throw cliErrors.usage({ problem: `--timeout "${text}" is no duration`, fix: 'write it like 20m' });
}
