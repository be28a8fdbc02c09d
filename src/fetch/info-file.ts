import { canonicalInfo } from '../go/info-text.ts';
import type { ModuleVersion } from '../go/version.ts';
import type { Failure } from '../proxy/failure.ts';

/** An info file in our own words, or why there is none. */
export type InfoResult =
  | { readonly kind: 'info'; readonly bytes: Uint8Array }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Returns the info file to keep of what a proxy sent (go/info-text.ts: canonicalInfo). */
export function rewriteInfo(module: ModuleVersion, received: Uint8Array): InfoResult {
  const info = canonicalInfo(module, received);
  if (info.kind === 'info') return info;
  switch (info.what) {
    case 'no-info':
      return failed('wrong-content', 'the .info is no JSON object with a Version');
    case 'other-version':
      return failed('invalid-info', 'the .info names another version than the one asked for');
    case 'time':
      return failed('invalid-info', 'the Time of the .info is not in the form of RFC 3339');
    default: {
      const never: never = info.what;
      return never;
    }
  }
}

function failed(cause: Failure['cause'], detail: string): InfoResult {
  return { kind: 'failure', failure: { stage: 'content', cause, detail } };
}
