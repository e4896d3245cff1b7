import type { ComponentChildren } from 'preact';
import { element } from './element.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly className?: string;
}

/** A section with a table, or a sentence where there is nothing to show. */
export function tableSection<Row>(
  id: string,
  at: { title: string; none: string; rows: readonly Row[]; columns: readonly Column<Row>[] },
): ComponentChildren {
  const { title, none, rows, columns } = at;
  const heading = element('h2', { id }, title, ' ', element('span', { class: 'count' }, String(rows.length)));
  if (rows.length === 0) {
    return element('section', { 'aria-labelledby': id }, heading, element('p', { class: 'none' }, none));
  }
  const head = columns.map((column) =>
    element('th', { scope: 'col', class: column.className }, column.title),
  );
  const body = rows.map((row) =>
    element(
      'tr',
      null,
      ...columns.map((column) => element('td', { class: column.className }, column.cell(row))),
    ),
  );
  const table = element(
    'table',
    null,
    element('thead', null, element('tr', null, ...head)),
    element('tbody', null, ...body),
  );
  return element('section', { 'aria-labelledby': id }, heading, element('div', { class: 'scroll' }, table));
}
