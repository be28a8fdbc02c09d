import { TOOLCHAIN_MODULE } from '../go/toolchain-choice.ts';
import type { Candidate, Credentials } from './candidate.ts';
import { type Network, openClient } from './http-client.ts';
import { moduleFileUrl } from './module-url.ts';
import type { BodyPlan } from './response-body.ts';

/** Options of {@link askToolchainSize}. */
export interface ToolchainSizeOptions {
  /** One of kind `file` is not asked. */
  readonly candidate: Candidate;
  readonly network: Network;
  /** Credentials of .netrc. */
  readonly credentialsFor?: (url: URL) => Credentials | undefined;
  /** Of golang.org/toolchain: v0.0.1-go1.25.0.linux-amd64. */
  readonly version: string;
  /** The whole question with its redirects, in milliseconds; default 2000. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** What was found out; `contacted` are hosts with their port. */
export interface ToolchainSize {
  /** Of the zip; absent when nobody told, or told what no toolchain has. */
  readonly bytes?: number;
  readonly contacted: readonly string[];
}

/** The head tells the size; the connection is closed before the body. */
const HEAD_ONLY: BodyPlan = { limitBytes: 0, over: 'cut' };
const DEFAULT_TIMEOUT_MS = 2000;
/** Outside of these it is an error page or a lie: toolchains have some 70 MB. */
const PLAUSIBLE_BYTES = { least: 10e6, most: 1e9 } as const;

/**
 * Returns the size of a toolchain's zip as the proxy announces it, from one GET that is cut after the head of the answer:
 * go asks for nothing else than this zip either, and not every proxy answers HEAD. Never rejects: whatever goes wrong, the
 * size is just not known.
 */
export async function askToolchainSize(options: ToolchainSizeOptions): Promise<ToolchainSize> {
  const { candidate, network, credentialsFor, version, signal } = options;
  if (candidate.kind !== 'http' || signal.aborted) return { contacted: [] };
  const client = openClient({
    base: candidate.url,
    network,
    ...(candidate.credentials === undefined ? {} : { credentials: candidate.credentials }),
    ...(credentialsFor === undefined ? {} : { credentialsFor }),
  });
  const ended = new AbortController();
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timer = setTimeout(() => ended.abort('timeout'), timeoutMs);
  try {
    const url = moduleFileUrl(candidate.url, { path: TOOLCHAIN_MODULE, version }, 'zip');
    const answer = await client.get(url, {
      signal: AbortSignal.any([signal, ended.signal]),
      body: HEAD_ONLY,
      stallMs: timeoutMs,
      connectMs: timeoutMs,
    });
    const bytes = answer.status === 200 ? plausibleSize(answer.headers['content-length']) : undefined;
    return { contacted: client.contacted(), ...(bytes === undefined ? {} : { bytes }) };
  } catch {
    return { contacted: client.contacted() };
  } finally {
    clearTimeout(timer);
    await client.destroy();
  }
}

function plausibleSize(contentLength: string | undefined): number | undefined {
  if (contentLength === undefined || !/^[0-9]{1,12}$/.test(contentLength)) return undefined;
  const bytes = Number(contentLength);
  return bytes >= PLAUSIBLE_BYTES.least && bytes <= PLAUSIBLE_BYTES.most ? bytes : undefined;
}
