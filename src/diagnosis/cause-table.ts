import type { Cause } from '../proxy/verdict.ts';
import type { CauseEntry } from './cause-entry.ts';
import { CONNECTION_CAUSES } from './connection-causes.ts';

export type { CauseEntry } from './cause-entry.ts';

const REMOVE_OR_FIX = 'Ask the operator of {host}, or {removal}.';
const RERUN = 'Run the job again later; if it stays so, ask the operator of {host}, or {removal}.';

/** One entry for every cause of a verdict; a new cause without an entry does not compile. */
export const CAUSES = {
  ...CONNECTION_CAUSES,
  'headers-timeout': {
    title: 'accepts connections but does not answer',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'body-timeout': {
    title: 'the answer began but did not end in time',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'closed-early': {
    title: 'the connection was closed before the answer',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  truncated: {
    title: 'the answer was cut off',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'http-status': {
    title: 'the proxy answered with an error',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: RERUN,
  },
  'http-region-blocked': {
    title: 'the proxy does not serve the country or address that this runner is in',
    class: 'access',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy:
      'Use a runner in another region, or a proxy that serves this one. When only one of IPv4 and IPv6 is refused, another try may go the other way.',
    copy: ['proxies: https://goproxy.cn,https://proxy.golang.org'],
  },
  'http-egress-blocked': {
    title: 'a rule of a network (VPC Service Controls) forbids the request',
    class: 'access',
    fault: 'network',
    rerunHelps: 'no',
    remedy:
      'Allow these hosts in the egress rules of the perimeter that this runner is in, or use a proxy inside of it.',
    copy: ['proxy.golang.org:443', 'sum.golang.org:443', 'storage.googleapis.com:443'],
  },
  'not-found-transient': {
    title: 'the proxy answered "not found" because it could not reach where the module comes from',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'yes',
    remedy: RERUN,
  },
  'redirect-loop': {
    title: 'the proxy redirects in a circle',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'redirect-insecure': {
    title: 'the proxy redirects from https to http, which go refuses',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'redirect-blocked': {
    title: 'the proxy redirects to a host that cannot be reached',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'no',
    remedy: 'Allow outgoing connections to the host that the evidence names, or {removal}.',
  },
  'protocol-error': {
    title: 'the answer is not HTTP',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: 'Check scheme and port of {proxy}, and what stands between the runner and {host}.',
  },
  'captive-portal': {
    title: 'the host answers every path with success, as the login page of a network does',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'no',
    remedy: 'Check that {proxy} is a Go module proxy and that this network asks for no login in a browser.',
  },
  'parked-domain': {
    title: 'the domain is parked: a service for unused domains answers, and no module proxy',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Whoever ran {host} has given the domain up, or its name is misspelled; anybody may buy it, so {removal}.',
  },
  'wrong-content': {
    title: 'the answer is not what a Go module proxy gives',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Check the path in {proxy}: it must be the base URL of a Go module proxy.',
  },
  'wrong-hash': {
    title: 'the proxy serves a module whose content differs from its known hash',
    class: 'integrity',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Do not change go.sum. Until the operator of {host} has explained it, {removal}.',
  },
  'invalid-info': {
    title: 'the proxy serves an invalid .info file',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'too-large': {
    title: 'the answer is larger than go accepts',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: REMOVE_OR_FIX,
  },
  'encoded-body': {
    title: 'the answer is compressed although nobody asked for it',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Switch off compression (Content-Encoding) for module files on {host}, or {removal}.',
  },
  'too-slow': {
    title: 'much slower than the other candidates',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: 'Nothing has to be done; if it is always so, {removal}.',
  },
  internal: {
    title: 'setup-goproxy itself failed',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: 'Please report this with the debug log of the step: it is a fault of setup-goproxy.',
  },
} as const satisfies Record<Cause, CauseEntry>;
