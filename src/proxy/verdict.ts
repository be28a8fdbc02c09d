import type { Candidate } from './candidate.ts';

/** The layer at which a candidate failed, in the order in which a request passes them. */
export type Stage = 'dns' | 'tcp' | 'tls' | 'http' | 'content';

/** The cause of a failure; stable, each becomes a diagnosis. */
export type Cause =
  | 'dns-not-found'
  | 'dns-failed'
  | 'dns-refused'
  | 'dns-timeout'
  | 'dns-answers-differ'
  | 'hosts-file-override'
  | 'connection-refused'
  | 'connection-reset'
  | 'connect-timeout'
  | 'unreachable'
  | 'ipv6-unreachable'
  | 'tls-timeout'
  | 'tls-unknown-authority'
  | 'tls-self-signed'
  | 'tls-incomplete-chain'
  | 'tls-expired'
  | 'tls-not-yet-valid'
  | 'tls-wrong-host'
  | 'tls-protocol'
  | 'plain-http-on-tls-port'
  | 'tls-closed'
  | 'tls-client-certificate'
  | 'http-proxy-refused'
  | 'http-proxy-failed'
  | 'http-proxy-login'
  | 'http-proxy-unreachable'
  | 'http-proxy-timeout'
  | 'headers-timeout'
  | 'body-timeout'
  | 'closed-early'
  | 'truncated'
  | 'http-status'
  | 'http-region-blocked'
  | 'http-egress-blocked'
  | 'not-found-transient'
  | 'redirect-loop'
  | 'redirect-insecure'
  | 'redirect-blocked'
  | 'protocol-error'
  | 'captive-portal'
  | 'parked-domain'
  | 'wrong-content'
  | 'wrong-hash'
  | 'invalid-info'
  | 'too-large'
  | 'encoded-body'
  | 'too-slow'
  | 'internal';

/** How long each phase of the first request took, in milliseconds; absent when it was not reached or not seen. */
export interface Phases {
  readonly dnsMs?: number;
  readonly tcpMs?: number;
  readonly tlsMs?: number;
  readonly firstByteMs?: number;
  /** Host and port of the HTTP proxy in between; then dns and tcp are those of the HTTP proxy. */
  readonly viaHttpProxy?: string;
}

/** What was measured of a healthy candidate. */
export interface Figures {
  readonly phases: Phases;
  /** Median time from request to first byte over warm connections, in milliseconds. */
  readonly firstByteMs: number;
  /** Absent when the sample was too small to tell. */
  readonly bytesPerSecond?: number;
  /** Bytes of the zip sample that arrived. */
  readonly sampleBytes?: number;
  readonly sumdb: 'serves' | 'none' | 'failed' | 'not-asked';
  /** IP address that answered. */
  readonly address?: string;
  /** An IPv6 address of the host that gave no answer before an IPv4 address did. */
  readonly silentIpv6?: string;
  readonly requests: number;
}

/** Why an answer says nothing of a candidate's health; the last four by its text. */
export type UnknownReason =
  | 'unauthorized'
  | 'forbidden'
  | 'login-required'
  | 'not-found'
  | 'login-refused'
  | 'security-block'
  | 'region-blocked'
  | 'egress-blocked';

/** What the probe says of one candidate. */
export type Verdict =
  | { readonly kind: 'healthy'; readonly figures: Figures }
  | {
      readonly kind: 'unhealthy';
      readonly stage: Stage;
      readonly cause: Cause;
      readonly status?: number;
      /** Our own words and an error code; never text of the peer. */
      readonly detail: string;
      /** At most 200 bytes of a text/plain body from the candidate's own host, as received: the report room makes it inert. */
      readonly body?: string;
      readonly phases: Phases;
      readonly address?: string;
    }
  | {
      /** Policy, a login that only go has, or a proxy that serves other modules: it keeps its configured place. */
      readonly kind: 'unknown';
      readonly reason: UnknownReason;
      readonly status: number;
      readonly body?: string;
      readonly phases: Phases;
      readonly address?: string;
    }
  | { readonly kind: 'unmeasured'; readonly why: string };

/** A candidate with its verdict. */
export interface Probed {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
}
