import { escapePath } from '../go/module-path.ts';
import { escapeVersion, type ModuleVersion } from '../go/version.ts';

/** The files of one version in the GOPROXY protocol. */
export type FileKind = 'info' | 'mod' | 'zip';

/**
 * Returns the URL of a file of the module below a GOPROXY base, as cmd/go/internal/modfetch/proxy.go builds it: the base's
 * query is kept, `!` is sent as `%21`. Throws GoRuleError for a path or version that Go does not allow.
 */
export function moduleFileUrl(base: URL, module: ModuleVersion, kind: FileKind): URL {
  return belowBase(base, `${escapePath(module.path)}/@v/${escapeVersion(module.version)}.${kind}`);
}

/** Returns the URL that tells whether the proxy relays this checksum database (modfetch/sumdb.go, proxySumdb). */
export function sumdbSupportedUrl(base: URL, name: string): URL {
  return belowBase(base, `sumdb/${name}/supported`);
}

/** Returns `base` with a path below its own; each segment is escaped as Go's url.PathEscape does. */
export function belowBase(base: URL, path: string): URL {
  const url = new URL(base);
  url.hash = '';
  url.pathname = `${base.pathname.replace(/\/$/, '')}/${path.split('/').map(escapeSegment).join('/')}`;
  return url;
}

const GO_KEEPS: Readonly<Record<string, string>> = {
  '%24': '$',
  '%26': '&',
  '%2B': '+',
  '%3D': '=',
  '%3A': ':',
  '%40': '@',
};

function escapeSegment(segment: string): string {
  return encodeURIComponent(segment)
    .replace(/%(24|26|2B|3D|3A|40)/g, (escaped) => GO_KEEPS[escaped] ?? escaped)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
