import type { Why } from '@polar-gosling/api-contract';
import { connect } from '../api.ts';
import type { CliContext, Command } from '../cli/command.ts';
import { cliErrors } from '../cli-errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseJobUrl } from '../job-url.ts';
import { ago, roughly } from '../ui/ago.ts';
import { cleanLine } from '../ui/text.ts';

/** `gosling why JOB-URL`: why a CI job waits, step by step, and what comes next. */
export const run: Command = async (context, input) => {
  const text = input.argument('JOB-URL');
  const at = parseJobUrl(text);
  if (at === undefined) {
    throw cliErrors.usage({
      problem: `"${text}" is no address of a GitLab job`,
      fix: 'copy it from the job page: https://gitlab.com/group/app/-/jobs/123',
    });
  }
  const api = await connect(context, 'gosling why');
  const why = await api.call(
    'why',
    { params: { server: at.server, project_id: at.project, job_id: at.jobId } },
    { signal: context.signal },
  );
  if (context.flags.json) context.output.json(why);
  else for (const line of describeWhy(why, context)) context.output.data(line);
  return exitCodes.ok;
};

const verdicts: Readonly<Record<Why['verdict'], string>> = {
  running: 'it runs',
  waiting: 'it waits',
  unmatched: 'no Egg takes it',
  unknown: 'MotherGoose has not seen it',
  done: 'it has ended',
};

function describeWhy(why: Why, { output, clock }: Pick<CliContext, 'output' | 'clock'>): string[] {
  const style = output.dataStyle;
  const now = clock.now();
  const lines = [`${style('bold', verdicts[why.verdict])} (since ${ago(why.since, now)})`, ''];
  for (const step of why.steps) {
    const mark = step.ok ? style('green', '✓') : style('red', '✗');
    const detail = step.detail === '' ? '' : `: ${cleanLine(step.detail)}`;
    lines.push(`${mark} ${cleanLine(step.what)}${detail}${style('dim', atText(step.at, now))}`);
  }
  if (why.candidates.length > 0) lines.push('', 'Eggs:', ...candidateLines(why, style));
  for (const { code, detail, fix } of why.blockers) {
    lines.push('', `${style('yellow', '!')} ${cleanLine(detail)} [${code}]`, `  → ${cleanLine(fix)}`);
  }
  if (why.next !== null) {
    const limit = why.next.at_latest;
    const within =
      limit === null ? '' : ` (at the latest in ${roughly(Math.max(0, Date.parse(limit) - now))})`;
    lines.push('', `next: ${cleanLine(why.next.what)}${within}`);
  }
  return lines;
}

function candidateLines(why: Why, style: CliContext['output']['dataStyle']): string[] {
  return why.candidates
    .toSorted((a, b) => a.order - b.order)
    .map((egg) => {
      const mark = egg.matches ? style('green', '✓') : style('red', '✗');
      const reasons = [
        ...(egg.missing_tags.length > 0
          ? [`has not the tags ${egg.missing_tags.map(cleanLine).join(', ')}`]
          : []),
        ...(egg.refused_because === undefined ? [] : [cleanLine(egg.refused_because)]),
        ...(egg.matches ? [`room for ${egg.room}`] : []),
      ];
      return `  ${mark} ${cleanLine(egg.egg_name)}: ${reasons.join('; ') || 'does not match'}`;
    });
}

function atText(at: string | null, now: number): string {
  return at === null ? '' : ` (${ago(at, now)})`;
}
