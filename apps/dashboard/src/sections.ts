import type { CiJob, EggStatus, Runner } from '@polar-gosling/api-contract';
import type { ComponentChildren } from 'preact';
import { elapsed } from './elapsed.ts';
import { element } from './element.ts';
import { stateBadge } from './state-badge.ts';
import type { StatusView } from './status-view.ts';
import { tableSection } from './table.ts';

/** What a person should look at first. */
export function problemsSection({ health, shownAt }: StatusView): ComponentChildren {
  const problems = health.problems ?? [];
  if (problems.length === 0) return null;
  const items = problems.map(({ code, detail, since }) =>
    element(
      'li',
      null,
      element('code', null, code),
      ' ',
      detail,
      element('span', { class: 'age' }, ` since ${elapsed(since, shownAt)}`),
    ),
  );
  return element(
    'section',
    { class: 'problems', 'aria-labelledby': 'problems' },
    element('h2', { id: 'problems' }, 'Needs attention'),
    element('ul', null, ...items),
  );
}

export function eggsSection({ eggs, shownAt }: StatusView): ComponentChildren {
  return tableSection<EggStatus>('eggs', {
    title: 'Eggs',
    none: 'No Egg yet. “gosling add egg NAME” writes one; push it to the Nest.',
    rows: eggs,
    columns: [
      { title: 'Egg', cell: (egg) => element('strong', null, egg.egg_name) },
      { title: 'Capacity (jobs)', cell: capacityOf },
      { title: 'Waiting', className: 'number', cell: (egg) => String(egg.waiting_jobs) },
      { title: 'Runners', className: 'number', cell: (egg) => String(egg.active_runners.length) },
      { title: 'Deployment', cell: ({ deployment }) => deployment && stateBadge(deployment.state) },
      { title: 'Problems', cell: (egg) => problemsOf(egg, shownAt) },
    ],
  });
}

function capacityOf({ capacity: { now, starting, max } }: EggStatus): ComponentChildren {
  const label = `${now} free now, ${starting} starting, ${max} at most`;
  return element(
    'span',
    { class: 'capacity' },
    element('meter', { min: 0, max, value: now, 'aria-label': label }),
    ' ',
    label,
  );
}

function problemsOf({ frozen, problems }: EggStatus, shownAt: string): ComponentChildren {
  const notes = problems.map(({ code, detail, since }) =>
    element('div', { class: 'note' }, element('code', null, code), ` ${detail} (${elapsed(since, shownAt)})`),
  );
  if (frozen === undefined) return notes;
  return [element('div', { class: 'note' }, `frozen by ${frozen.by}: ${frozen.why}`), notes];
}

export function runnersSection({ runners, shownAt }: StatusView): ComponentChildren {
  return tableSection<Runner>('runners', {
    title: 'Runners',
    none: 'No runner. They are launched when a CI job waits.',
    rows: runners,
    columns: [
      { title: 'Runner', cell: ({ id }) => element('code', null, id) },
      { title: 'Egg', cell: ({ egg_name }) => egg_name },
      { title: 'State', cell: ({ state }) => stateBadge(state) },
      { title: 'Pool', cell: ({ pool }) => pool },
      {
        title: 'Where',
        cell: ({ cloud_provider, region }) => [cloud_provider, region].filter(Boolean).join(' '),
      },
      { title: 'Jobs', cell: ({ jobs }) => jobs.map(({ job_id }) => `#${job_id}`).join(', ') },
      { title: 'Heard', className: 'number', cell: (runner) => heardOf(runner, shownAt) },
      { title: 'Why', cell: ({ why }) => why },
    ],
  });
}

function heardOf({ last_heartbeat: heard }: Runner, shownAt: string): string {
  return heard === null ? 'not yet' : `${elapsed(heard, shownAt)} ago`;
}

export function waitingSection({ waiting, shownAt }: StatusView): ComponentChildren {
  return tableSection<CiJob>('waiting', {
    title: 'Waiting CI jobs',
    none: 'No CI job waits.',
    rows: waiting,
    columns: [
      { title: 'Job', cell: ({ job_id, name }) => [element('code', null, `#${job_id}`), ' ', name] },
      { title: 'Project', cell: ({ server, project_id }) => `${server} ${project_id}` },
      { title: 'Branch', cell: ({ ref }) => ref },
      { title: 'Tags', cell: ({ tags }) => (tags ?? []).join(', ') },
      { title: 'Egg', cell: ({ egg_name }) => egg_name ?? '–' },
      { title: 'Waits', className: 'number', cell: ({ queued_at }) => elapsed(queued_at, shownAt) },
      { title: 'Because', cell: ({ reason }) => (reason ?? 'not looked at yet').replaceAll('_', ' ') },
    ],
  });
}
