import { parseObject } from './json-object.ts';
import { type ModuleVersion, pseudoVersionTime } from './version.ts';

/** An info file in our own words, or what is wrong with the one that was there. */
export type InfoText =
  | { readonly kind: 'info'; readonly bytes: Uint8Array }
  /** `no-info`: no JSON object with a Version at all. */
  | { readonly kind: 'wrong'; readonly what: 'no-info' | 'other-version' | 'time' };

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Returns the info file to keep: compact JSON with `Version`, which must be the one asked for, and `Time`, which must be
 * RFC 3339 and may be absent; of a pseudo-version it is the embedded one, whatever was there. go.sum does not cover info
 * files, so nothing else of them is kept (modfetch/repo.go: RevInfo).
 */
export function canonicalInfo(module: ModuleVersion, received: Uint8Array): InfoText {
  const text = decode(received);
  const parsed = text === undefined ? undefined : parseObject(text);
  const version = parsed?.['Version'];
  if (parsed === undefined || typeof version !== 'string') return { kind: 'wrong', what: 'no-info' };
  if (version !== module.version) return { kind: 'wrong', what: 'other-version' };
  const time = pseudoVersionTime(module.version) ?? parsed['Time'];
  if (time === undefined) return written({ Version: version });
  if (typeof time !== 'string' || !isRfc3339(time)) return { kind: 'wrong', what: 'time' };
  return written({ Version: version, Time: time });
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
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

function written(info: { readonly Version: string; readonly Time?: string }): InfoText {
  return { kind: 'info', bytes: Buffer.from(JSON.stringify(info)) };
}
