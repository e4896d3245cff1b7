import { configVariables, hostVariables } from './settings-table.ts';

/** `docs/reference/configuration.md`, made of the table that the services and `gosling doctor` read. */
export function configurationPage(): string {
  const rows = [...configVariables, ...hostVariables].map(
    ({ name, default: fallback, description, isSecret }) => {
      const meaning = isSecret === true ? `${description} (a secret: never shown)` : description;
      return `| \`${name}\` | ${fallback === undefined ? '–' : `\`${fallback}\``} | ${cell(meaning)} |`;
    },
  );
  return [
    '# Configuration',
    '',
    'Made of `packages/api-contract/src/settings-table.ts`; a test holds it to that.',
    '',
    'The services take their configuration from the environment only. Everything that is wrong is told at once; a',
    '`GOSLING_*` name that does not exist is refused with the one that was probably meant, and a setting that has no effect',
    'with the others is refused too. `gosling doctor --explain` prints this table with the values in force. Credentials of',
    "AWS and Vault come from those programs' own variables (`AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, `VAULT_TOKEN`, …).",
    '',
    '| variable | default | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
