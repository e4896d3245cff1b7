export { type ConfigVariable, configVariables, hostVariables } from './settings-table.ts';
export { unknownSettings } from './unknown-settings.ts';
