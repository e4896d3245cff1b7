import type { ApiClient, Tool, ToolRequest, ToolSource, ToolVersion } from '@polar-gosling/api-contract';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { ago } from '../ui/ago.ts';
import { renderTable } from '../ui/table.ts';

type Kind = Tool['kind'];

const what = 'gosling tofu';
const everyMs = 1_000;

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
  const version = input.argument('VERSION');
  const platform = input.text('platform');
  const source = sourceOf(input);
  const api = await connect(context, what);
  const body: ToolRequest = {
    action: 'install',
    version,
    source,
    use: input.flag('use'),
    ...(platform !== undefined && { platform }),
  };
  await api.call('changeTool', { params: { kind }, body }, { signal: context.signal });
  const done = await waitForVersion(context, { api, kind, version, platform });
  if (context.flags.json) context.output.json(done);
  else {
    const proof = done.proved_by === 'signature' ? 'its signature is right' : 'its checksum is right';
    context.output.talk(`${kind} ${version} for ${done.platform} is here; ${proof}`);
    context.output.talk(done.active ? 'runs use it from now on' : `use it: gosling tofu use ${version}`);
  }
  return exitCodes.ok;
};

export const useVersion: Command = async (context, input) => {
  const kind = kindOf(input);
  const version = input.argument('VERSION');
  const api = await connect(context, what);
  await api.call(
    'changeTool',
    { params: { kind }, body: { action: 'use', version } },
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

async function waitForVersion(
  context: CliContext,
  at: { api: ApiClient; kind: Kind; version: string; platform: string | undefined },
): Promise<ToolVersion> {
  const { clock, signal } = context;
  context.output.talk(`fetching ${at.kind} ${at.version} …`);
  for (;;) {
    const { items } = await at.api.call('listTools', {}, { signal });
    const tool = toolOf(items, at.kind);
    const platform = at.platform ?? tool.platform;
    const found = tool.versions.filter((each) => each.version === at.version && each.platform === platform);
    const failed = found.find(({ state }) => state === 'failed');
    if (failed !== undefined) {
      const { code = 'BINARY_DOWNLOAD', detail = 'it could not be fetched' } = failed.problem ?? {};
      throw cliErrors.refused({ what: `${at.kind} ${at.version}`, reason: `${detail} (${code})` });
    }
    const isWanted = found.some(({ state }) => state === 'wanted');
    const done = found.find(({ state }) => state === 'installed');
    if (done !== undefined && !isWanted) return done;
    await clock.sleep(everyMs, signal);
  }
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
    each.active ? 'in use' : each.state,
    each.proved_by ?? '',
    each.downloaded_at === undefined ? '' : ago(each.downloaded_at, clock.now()),
    each.problem?.detail ?? '',
  ]);
  const header = ['VERSION', 'PLATFORM', 'STATE', 'PROVED BY', 'FETCHED', 'PROBLEM'];
  output.data(renderTable(header, rows, { style: output.dataStyle, columns: output.stdout.columns }));
}

function toolOf(items: readonly Tool[], kind: Kind): Tool {
  const found = items.find((tool) => tool.kind === kind);
  if (found === undefined)
    throw cliErrors.missing({ what: `program ${kind}`, fix: 'is MotherGoose of the same release?' });
  return found;
}

function kindOf(input: CommandInput): Kind {
  return input.text('of') === 'gosling' ? 'gosling' : 'tofu';
}

function sourceOf(input: CommandInput): ToolSource {
  const auth = authOf(input);
  const url = input.text('url');
  if (url === undefined) {
    const repository = input.text('repository');
    return { kind: 'github', ...(repository !== undefined && { repository }), ...(auth && { auth }) };
  }
  const sha256 = input.text('sha256');
  if (sha256 === undefined || !/^[0-9a-fA-F]{64}$/.test(sha256)) {
    throw cliErrors.usage({
      problem: '--url needs --sha256 with 64 hexadecimal digits',
      fix: 'take them from the maker of the file: sha256sum FILE',
    });
  }
  return { kind: 'other', url, sha256, ...(auth && { auth }) };
}

/** `bearer:REF`, `token:REF`, `header:NAME:REF`; the secret itself stays where it is. */
function authOf(input: CommandInput): ToolSource['auth'] {
  const text = input.text('auth');
  if (text === undefined) return undefined;
  const [kind, ...rest] = text.split(':');
  const [first = '', second = ''] = rest;
  if ((kind === 'bearer' || kind === 'token') && first !== '' && rest.length === 1) {
    return { kind, secret_ref: first };
  }
  if (kind === 'header' && first !== '' && second !== '' && rest.length === 2) {
    return { kind, name: first, secret_ref: second };
  }
  throw cliErrors.usage({
    problem: `--auth "${text}" is none`,
    fix: 'write bearer:REF, token:REF or header:NAME:REF; REF is tools/NAME, where gosling secret put has put the token',
  });
}
