import type { PublicProxy } from './public-proxies.ts';

/** User name and password for one origin; never logged, never part of an error. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Where a candidate comes from; decides what may be disclosed to it and whose policy its place is. */
export type CandidateOrigin = 'input' | 'inherited' | 'default' | 'standby';

/** One Go module proxy that this job may use. */
export interface Candidate {
  /** The configured place, counted from 0 over candidates and standby together. */
  readonly id: number;
  readonly kind: 'http' | 'file';
  /**
   * Base URL without userinfo; its path has no trailing slash unless it is the root. Only an inherited one may have a
   * query, which go keeps behind the path of every request.
   */
  readonly url: URL;
  /** From userinfo in the URL; https only, as cmd/go/internal/web refuses them over http. */
  readonly credentials?: Credentials;
  /** Exactly what goes into GOPROXY, userinfo included. A secret when `credentials` is set. */
  readonly exportValue: string;
  /** For display: no userinfo, no query. */
  readonly label: string;
  readonly origin: CandidateOrigin;
  /** Set when the base URL is one of the built-in table of public proxies. */
  readonly publicProxy?: PublicProxy;
}

/**
 * Says whether the candidate may be asked for a module that GOPRIVATE or GONOSUMDB matches: the user or the environment
 * named it, and it is no public proxy.
 */
export function mayHearPrivatePaths(candidate: Candidate): boolean {
  return isNamed(candidate) && candidate.publicProxy === undefined;
}

/**
 * Says whether 401, 403, 407 and a clean 404 or 410 make the verdict `unknown` instead of `unhealthy`: the candidate is
 * inherited, or given and no public proxy, so that it may want a login that only go has, or serve other modules.
 */
export function keepsPlaceWhenRefused(candidate: Candidate): boolean {
  return candidate.origin === 'inherited' || mayHearPrivatePaths(candidate);
}

function isNamed({ origin }: Candidate): boolean {
  return origin === 'input' || origin === 'inherited';
}
