/** The Fly text of one Egg of project `project` on gitlab.com. */
export function eggText(
  name: string,
  given: {
    project?: number;
    tags?: readonly string[];
    concurrent?: number;
    gitlab?: readonly string[];
    more?: readonly string[];
  } = {},
): string {
  const { project = 1, tags = ['linux'], concurrent = 2, gitlab = [], more = [] } = given;
  return [
    `egg "${name}" {`,
    '  type = "vm"',
    '  gitlab {',
    `    project_id = ${project}`,
    ...gitlab,
    '  }',
    '  runner {',
    `    tags = [${tags.map((tag) => `"${tag}"`).join(', ')}]`,
    `    concurrent = ${concurrent}`,
    '    idle_timeout = "2m"',
    ...more,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Files of a Nest that holds these Eggs. */
export function nestOf(
  eggs: Readonly<Record<string, Parameters<typeof eggText>[1]>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(eggs).map(([name, given]) => [`Eggs/${name}/config.fly`, eggText(name, given)]),
  );
}
