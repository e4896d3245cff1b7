import { type ApiToken, Role } from '@polar-gosling/api-contract';
import { parseDuration } from '@polar-gosling/kernel';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { readAll } from '../read-all.ts';
import { ago } from '../ui/ago.ts';
import { renderTable } from '../ui/table.ts';

/** The value is the data: `TOKEN=$(gosling token create ci --role read)`. */
export const createToken: Command = async (context, input) => {
  const eggs = input.texts('egg');
  const expires = expiry(context, input);
  const api = await connect(context, 'gosling token');
  const made = await api.call(
    'createToken',
    {
      body: {
        name: input.argument('NAME'),
        role: Role.parse(input.text('role')),
        ...(eggs.length === 0 ? {} : { eggs: [...eggs] }),
        ...(expires === undefined ? {} : { expires_at: expires }),
      },
    },
    { signal: context.signal },
  );
  if (context.flags.json) context.output.json(made);
  else context.output.data(made.token);
  context.output.talk(`token ${made.name} (${made.id}) made; its value is shown only now`);
  return exitCodes.ok;
};

export const listTokens: Command = async (context) => {
  const { output, clock, signal } = context;
  const api = await connect(context, 'gosling token');
  const tokens = await readAll((query) => api.call('listTokens', { query }, { signal }));
  if (context.flags.json) {
    output.json(tokens);
    return exitCodes.ok;
  }
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    token.role,
    token.eggs?.join(',') ?? 'all',
    ago(token.last_used_at, clock.now()),
    stateOf(token, clock.now()),
  ]);
  const header = ['ID', 'NAME', 'ROLE', 'EGGS', 'LAST USED', 'STATE'];
  output.data(renderTable(header, rows, { style: output.dataStyle, columns: output.stdout.columns }));
  return exitCodes.ok;
};

export const revokeToken: Command = async (context, input) => {
  const id = input.argument('ID');
  const api = await connect(context, 'gosling token');
  await api.call('revokeToken', { params: { id } }, { signal: context.signal });
  context.output.talk(`token ${id} revoked`);
  return exitCodes.ok;
};

function stateOf(token: ApiToken, now: number): string {
  if (token.revoked_at !== undefined) return `revoked ${ago(token.revoked_at, now)}`;
  if (token.expires_at === undefined) return 'in force';
  return Date.parse(token.expires_at) <= now ? 'expired' : `until ${token.expires_at.slice(0, 10)}`;
}

function expiry({ clock }: CliContext, input: CommandInput): string | undefined {
  const text = input.text('expires');
  if (text === undefined) return undefined;
  const lifeMs = parseDuration(text);
  if (lifeMs === undefined || lifeMs === 0) {
    throw cliErrors.usage({ problem: `--expires "${text}" is no duration`, fix: 'write it like 90d' });
  }
  return new Date(clock.now() + lifeMs).toISOString();
}
