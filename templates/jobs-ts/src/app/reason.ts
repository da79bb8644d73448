// Why something failed, in the reader's language.
import { ApiError } from './api.ts';
import { say } from './i18n.ts';

export function reason(error: unknown): string {
  if (error instanceof ApiError && error.status === 0) return say('error.network');
  return error instanceof Error ? error.message : String(error);
}
