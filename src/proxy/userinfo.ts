import { trimSpace } from '../go/white-space.ts';
import type { Credentials } from './candidate.ts';

const USERINFO = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)?[^/?#]*@/;

/** Ends of a login with a slash in it, of which no URL can be made. */
const BROKEN_USERINFO = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/).*@/s;

/** Returns the pattern for the userinfo of an entry; the first group is what stays before it. */
function userinfoIn(entry: string): RegExp {
  return BROKEN_USERINFO.test(entry) && URL.parse(entry) === null ? BROKEN_USERINFO : USERINFO;
}

/** Returns a GOPROXY or GOSUMDB value for display: without userinfo in its URLs, whether or not go would take it. */
export function removeUserinfo(value: string): string {
  return mapEntries(value, (entry) => entry.replace(userinfoIn(entry), '$1'));
}

/** Returns the value with the userinfo of each URL replaced by a bare `@`: whether there is any stays to be seen. */
export function blankUserinfo(value: string): string {
  return mapEntries(value, (entry) => entry.replace(userinfoIn(entry), '$1@'));
}

/** Says whether go would refuse the list for credentials in a plain http URL. Source: cmd/go/internal/web/http.go. */
export function hasInsecureUserinfo(value: string): boolean {
  return value.split(/[,|]/).some((entry) => /^http:\/\/[^/?#]*@/i.test(trimSpace(entry)));
}

/** Returns user name and password of every entry of a list that has them, as written; both may be percent-encoded. */
export function userinfosIn(value: string): readonly Credentials[] {
  return value.split(/[,|\s]+/).flatMap((entry) => {
    const userinfo =
      userinfoIn(entry)
        .exec(entry)?.[0]
        .replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, '')
        .slice(0, -1) ?? '';
    if (userinfo === '') return [];
    const colon = userinfo.indexOf(':');
    if (colon < 0) return [{ user: userinfo, password: '' }];
    return [{ user: userinfo.slice(0, colon), password: userinfo.slice(colon + 1) }];
  });
}

/** Entries end at commas, pipes and white space; what separates them stays. */
function mapEntries(value: string, map: (entry: string) => string): string {
  return value
    .split(/([,|\s]+)/)
    .map((part, index) => (index % 2 === 0 ? map(part) : part))
    .join('');
}
