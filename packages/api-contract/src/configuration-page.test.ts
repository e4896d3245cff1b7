import { expect, it } from 'vitest';
import { configurationPage } from './configuration-page.ts';
import { configVariables, hostVariables } from './settings-table.ts';

it('keeps the page of the configuration as the table has it', async () => {
  await expect(configurationPage()).toMatchFileSnapshot('../../../docs/reference/configuration.md');
});

it('names each variable once', () => {
  const names = [...configVariables, ...hostVariables].map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
});
