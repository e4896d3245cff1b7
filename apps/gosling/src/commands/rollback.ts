import type { ApiClient, Rollback } from '@polar-gosling/api-contract';
import { isCoded } from '@polar-gosling/kernel';
import { connect } from '../api.ts';
import type { CliContext, Command, CommandInput } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import { readAll } from '../read-all.ts';
import { shownCode } from '../shown-code.ts';
import { changeLines, runnerLines } from '../ui/config-changes.ts';

interface Wish {
  readonly to?: string;
  readonly unpin: boolean;
}

interface Refused {
  readonly egg: string;
  readonly code: string;
  readonly message: string;
  readonly exit: ExitCode;
}

/** `gosling rollback`: says what it will do, asks, does it. */
export const run: Command = async (context, input) => {
  const wish = wishOf(input);
  const only = input.text('egg');
  const isAll = input.flag('all');
  if (only !== undefined && isAll) {
    throw cliErrors.usage({ problem: '--egg and --all exclude each other', fix: 'give one of them' });
  }
  if (only === undefined && !isAll) {
    throw cliErrors.usage({ problem: 'no Egg is named', fix: 'give --egg NAME, or --all' });
  }
  const api = await connect(context, 'gosling rollback');
  const names = only === undefined ? await namesOfAll(api, context.signal) : [only];
  const isSingle = only !== undefined;
  const call = (egg: string, isDry: boolean) =>
    api.call(
      'rollbackEgg',
      { params: { name: egg }, body: { ...wish, dry_run: isDry } },
      { signal: context.signal },
    );
  const dry = await each(context, { names, isSingle }, (egg) => call(egg, true));
  for (const view of dry.done) print(context, view);
  if (dry.done.length === 0) return finish(context, { done: [], refused: dry.refused });
  if (input.flag('dry-run')) return finish(context, dry);
  if (!(await isWanted(context, input, dry.done))) throw cliErrors.interrupted({});
  const doable = dry.done.map((view) => view.egg_name);
  const outcome = await each(context, { names: doable, isSingle }, (egg) => call(egg, false));
  for (const view of outcome.done) sayDone(context, view);
  return finish(context, { done: outcome.done, refused: [...dry.refused, ...outcome.refused] });
};

function wishOf(input: CommandInput): Wish {
  const to = input.text('to');
  const unpin = input.flag('unpin');
  if (unpin && to !== undefined) {
    throw cliErrors.usage({ problem: '--to and --unpin exclude each other', fix: 'give one of them' });
  }
  return to === undefined ? { unpin } : { to, unpin };
}

async function namesOfAll(api: ApiClient, signal: AbortSignal): Promise<string[]> {
  const eggs = await readAll((query) => api.call('listEggs', { query }, { signal }));
  return eggs.filter(({ status }) => status !== 'draining').map(({ name }) => name);
}

/** Each by itself; the failure of a single one that was named is the command's. */
async function each(
  context: CliContext,
  of: { names: readonly string[]; isSingle: boolean },
  call: (egg: string) => Promise<Rollback>,
): Promise<{ done: Rollback[]; refused: Refused[] }> {
  const done: Rollback[] = [];
  const refused: Refused[] = [];
  for (const egg of of.names) {
    try {
      done.push(await call(egg));
    } catch (error) {
      if (of.isSingle || !isCoded(error) || context.signal.aborted) throw error;
      context.output.talk(`${egg}: ${error.message}`);
      refused.push({ egg, code: shownCode(error), message: error.message, exit: exitCodeOf(error) });
    }
  }
  return { done, refused };
}

async function isWanted(
  { prompter }: CliContext,
  input: CommandInput,
  views: readonly Rollback[],
): Promise<boolean> {
  if (input.flag('yes')) return true;
  const what = views.length === 1 ? `change ${views[0]?.egg_name}?` : `change these ${views.length} Eggs?`;
  return prompter.confirm({ what, flag: '--yes' });
}

function print({ output, flags }: CliContext, view: Rollback): void {
  if (flags.json) return;
  if (view.plan !== undefined) {
    output.talk(setLine(view));
    return;
  }
  const commit = view.after.git_commit.slice(0, 8);
  const from = view.before.git_commit.slice(0, 8);
  output.talk(
    view.action === 'pin'
      ? `${view.egg_name}: from the machines of ${from} to those of ${commit}, pinned until a commit changes them`
      : `${view.egg_name}: the pin is lifted, the machines of the Nest (${commit}) come into force`,
  );
  for (const line of [...changeLines(view.changes), ...runnerLines(view.runners)]) output.talk(`  ${line}`);
}

/** A long-lived set is changed in place. */
function setLine({ egg_name: name, before, after, plan }: Rollback): string {
  const way = `${name}: from commit ${before.git_commit.slice(0, 8)} to ${after.git_commit.slice(0, 8)}`;
  if (plan === null || plan === undefined) return `${way}, by a plan that is made then`;
  const { add, change, destroy } = plan.summary;
  return `${way}, by the armed plan ${plan.id}: ${add} to add, ${change} to change, ${destroy} to destroy`;
}

function sayDone({ output }: CliContext, view: Rollback): void {
  const how = `gosling rollback --egg ${view.egg_name} --unpin lifts it`;
  output.talk(
    view.action === 'pin' ? `${view.egg_name} is pinned; ${how}` : `${view.egg_name} is not pinned any more`,
  );
}

function finish(
  context: CliContext,
  at: { done: readonly Rollback[]; refused: readonly Refused[] },
): ExitCode {
  if (context.flags.json) {
    const refused = at.refused.map(({ egg, code, message }) => ({ egg_name: egg, code, message }));
    context.output.json({ items: at.done, refused });
  }
  const [first] = at.refused;
  if (first === undefined) return exitCodes.ok;
  return at.done.length === 0 ? first.exit : exitCodes.partly;
}
