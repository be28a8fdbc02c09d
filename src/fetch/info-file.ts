import { type ModuleVersion, pseudoVersionTime } from '../go/version.ts';
import type { Failure } from '../proxy/failure.ts';

/** An info file in our own words, or why there is none. */
export type InfoResult =
  | { readonly kind: 'info'; readonly bytes: Uint8Array }
  | { readonly kind: 'failure'; readonly failure: Failure };

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Returns the info file to keep: compact JSON with `Version`, which must be the one asked for, and `Time`, which must be
 * RFC 3339 and may be absent; of a pseudo-version it is the embedded one, whatever was sent. go.sum does not cover info
 * files, so nothing else of the received bytes is kept (modfetch/repo.go: RevInfo).
 */
export function rewriteInfo(module: ModuleVersion, received: Uint8Array): InfoResult {
  const parsed = parseObject(received);
  const version = parsed?.['Version'];
  if (parsed === undefined || typeof version !== 'string') {
    return failed('wrong-content', 'the .info is no JSON object with a Version');
  }
  if (version !== module.version) {
    return failed('invalid-info', 'the .info names another version than the one asked for');
  }
  const sent = parsed['Time'];
  const time = pseudoVersionTime(module.version) ?? sent;
  if (time === undefined) return written({ Version: version });
  if (typeof time !== 'string' || !isRfc3339(time)) {
    return failed('invalid-info', 'the Time of the .info is not in the form of RFC 3339');
  }
  return written({ Version: version, Time: time });
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    return parsed as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Date takes the 31st of February for a day in March, and 24:00: what does not come back unchanged is no time. */
function isRfc3339(text: string): boolean {
  const seconds = RFC_3339.exec(text)?.[1];
  const ms = Date.parse(`${seconds}Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString() === `${seconds}.000Z`;
}

function written(info: { readonly Version: string; readonly Time?: string }): InfoResult {
  return { kind: 'info', bytes: Buffer.from(JSON.stringify(info)) };
}

function failed(cause: Failure['cause'], detail: string): InfoResult {
  return { kind: 'failure', failure: { stage: 'content', cause, detail } };
}
