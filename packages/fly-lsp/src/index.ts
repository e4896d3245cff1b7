export { runLanguageServer, type ServerOptions } from './server.ts';
export type { NestReader } from './workspace.ts';
