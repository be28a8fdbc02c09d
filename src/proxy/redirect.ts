import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from './failure.ts';

/** The head of an answer. */
interface Head {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** net/http's limit, and that of cmd/go/internal/web checkRedirect: the tenth redirect is an error. */
const MAX_REQUESTS = 10;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether go follows this answer (net/http redirectBehavior): a redirect without Location is a plain error. */
export function isRedirect(head: Head): boolean {
  return REDIRECT_STATUSES.has(head.status) && (head.headers.location ?? '') !== '';
}

/**
 * Returns where the redirect leads; `followed` redirects came before it. Throws RequestError: `redirect-loop` where go
 * gives up, `redirect-insecure` for https to anything else (cmd/go/internal/web securityPreservingHTTPClient),
 * `protocol-error` for a Location that is no http(s) URL. Userinfo in it is dropped.
 */
export function followRedirect(from: URL, head: Head, followed: number): URL {
  if (followed + 1 >= MAX_REQUESTS) {
    throw new RequestError({ stage: 'http', cause: 'redirect-loop', detail: 'stopped after 10 redirects' });
  }
  const to = URL.parse(decodeLocation(head.headers.location ?? ''), from.href);
  if (to === null) {
    throw new RequestError({
      stage: 'http',
      cause: 'protocol-error',
      detail: 'it redirects to what is no URL',
    });
  }
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw new RequestError({
      stage: 'http',
      cause: 'redirect-insecure',
      detail: `it redirects from https to ${to.protocol}//${to.host}, which go refuses`,
    });
  }
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new RequestError({
      stage: 'http',
      cause: 'protocol-error',
      detail: `it redirects to a URL of scheme ${to.protocol.slice(0, -1)}`,
    });
  }
  to.username = '';
  to.password = '';
  to.hash = '';
  return to;
}

/** Returns what a failure on the way of a redirect to `url` becomes; ends from our side and failures of our own stay. */
export function blockedRedirect(url: URL, error: unknown): unknown {
  if (!(error instanceof RequestError) || error.code.startsWith('redirect-')) return error;
  if (error.code === 'too-slow' || error.code === 'too-large' || error.code === 'internal') return error;
  const detail = `it redirects to ${url.host}, and there: ${error.message}`;
  return new RequestError({ stage: error.stage, cause: 'redirect-blocked', detail }, { cause: error });
}

/** Header bytes arrive as latin1; a URL in UTF-8 is meant. */
function decodeLocation(location: string): string {
  return Buffer.from(location, 'latin1').toString('utf8');
}
