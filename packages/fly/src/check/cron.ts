const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: months },
  { name: 'day of week', min: 0, max: 7, names: weekdays },
];

/** What is wrong with a cron line of five fields; `undefined` when nothing is. */
export function findCronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5 || text.length > 1024) {
    return `a cron line has 5 fields (minute hour day month weekday), this has ${parts.length}`;
  }
  for (const [index, field] of fields.entries()) {
    const part = parts[index] ?? '';
    if (!part.split(',').every((item) => valuesOf(item, field) !== undefined)) {
      return `${JSON.stringify(part.slice(0, 40))} is no ${field.name}: ${field.min} to ${field.max}, *, a-b, */n or a,b`;
    }
  }
  return findNever(parts);
}

/** How often a good cron line comes true in an hour in which it does. */
export function countPerHour(text: string): number {
  const [minutes = ''] = text.trim().split(/\s+/);
  return new Set(allValues(minutes, fields[0])).size;
}

/** 31 February and the like. A weekday that is set makes the day of month one of two ways to fire. */
function findNever(parts: readonly string[]): string | undefined {
  const [, , day = '*', month = '*', weekday = '*'] = parts;
  if (day.startsWith('*') || !weekday.startsWith('*')) return undefined;
  const first = Math.min(...allValues(day, fields[2]));
  const isReached = allValues(month, fields[3]).some((number) => first <= (longest[number - 1] ?? 31));
  return isReached ? undefined : `day ${first} never comes in the months ${JSON.stringify(month)}`;
}

function allValues(part: string, field: Field | undefined): number[] {
  if (field === undefined) return [];
  return part.split(',').flatMap((item) => valuesOf(item, field) ?? []);
}

function valuesOf(item: string, field: Field): number[] | undefined {
  const match = /^(\*|[a-z0-9]+(?:-([a-z0-9]+))?)(?:\/(\d{1,3}))?$/i.exec(item);
  if (match === null) return undefined;
  const step = match[3] === undefined ? 1 : Number(match[3]);
  if (step < 1) return undefined;
  const isAny = match[1] === '*';
  const from = isAny ? field.min : numberOf((match[1] ?? '').split('-')[0] ?? '', field);
  const open = isAny || match[3] !== undefined ? field.max : from;
  const to = match[2] === undefined ? open : numberOf(match[2], field);
  if (from === undefined || to === undefined || to < from) return undefined;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

function numberOf(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + field.min;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= field.min && number <= field.max ? number : undefined;
}
