import type { Cause } from '../proxy/verdict.ts';
import type { LOG_ENTRIES } from './log-entries.ts';

/** What a log can tell: own entries, causes of a probe, and the others whose meaning is the same. */
export type LogId =
  | keyof typeof LOG_ENTRIES
  | Extract<
      Cause,
      | 'dns-not-found'
      | 'dns-failed'
      | 'dns-timeout'
      | 'connection-refused'
      | 'connection-reset'
      | 'connect-timeout'
      | 'unreachable'
      | 'tls-timeout'
      | 'tls-unknown-authority'
      | 'tls-expired'
      | 'tls-not-yet-valid'
      | 'tls-wrong-host'
      | 'tls-protocol'
      | 'plain-http-on-tls-port'
      | 'http-proxy-refused'
      | 'http-proxy-login'
      | 'http-proxy-unreachable'
      | 'http-proxy-timeout'
      | 'headers-timeout'
      | 'body-timeout'
      | 'closed-early'
      | 'truncated'
      | 'http-status'
      | 'redirect-loop'
      | 'redirect-insecure'
      | 'redirect-blocked'
      | 'protocol-error'
      | 'captive-portal'
      | 'invalid-info'
      | 'too-large'
    >
  | 'http-too-many-requests'
  | 'http-blocked'
  | 'checksum-mismatch'
  | 'module-refused'
  | 'module-not-found'
  | 'module-cache-unwritable'
  | 'module-cache-corrupt'
  | 'looks-private'
  | 'toolchain-too-old'
  | 'toolchain-setting';
