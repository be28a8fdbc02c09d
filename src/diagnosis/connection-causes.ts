import type { Cause } from '../proxy/verdict.ts';
import type { CauseEntry } from './cause-entry.ts';

const CHECK_EGRESS =
  'Allow outgoing connections to {host} on this runner (firewall, egress policy), or {removal}.';
const TRUST_CA =
  'If {host} is yours, put its certificate authority into the system store or name its PEM file in SSL_CERT_FILE; if not, something between the runner and {host} opens TLS.';
const HTTP_PROXY = 'Check HTTPS_PROXY and HTTP_PROXY of this job, or add {host} to NO_PROXY.';
const CHECK_DNS =
  'Check the DNS of this runner: `getent hosts {name}`. Run the job again if other names fail too.';

/** The causes up to an open connection: name, TCP, TLS, the HTTP proxy in between. */
export const CONNECTION_CAUSES = {
  'dns-not-found': {
    title: 'the host name does not exist',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Check the spelling of {host}; a name that exists only inside a company needs a runner with its DNS. Else {removal}.',
  },
  'dns-failed': {
    title: 'the host name cannot be resolved, for the DNS server failed',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: CHECK_DNS,
  },
  'dns-refused': {
    title: 'the DNS server refuses to answer this runner, or none is there',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy:
      'Check which name server this runner has: one that is meant for another network refuses, and one that has ended does not answer. In a container set it with `options: --dns`.',
    copy: ['- run: cat /etc/resolv.conf; getent hosts {name}'],
  },
  'dns-answers-differ': {
    title: 'the name servers of this runner do not agree on the host name',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy:
      'Leave only name servers that know {name} in /etc/resolv.conf of this runner: whichever answers first decides, also when it is the wrong one.',
    copy: [
      "- run: for s in $(awk '/^nameserver/ {print $2}' /etc/resolv.conf); do echo $s; dig +short @$s {name}; done",
    ],
  },
  'hosts-file-override': {
    title: 'the hosts file of this runner gives the host an address that does not work',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy:
      'Take the line that the evidence names out of the hosts file (of a container: `--add-host` in its options), unless it is meant so; then the server at that address is what fails.',
    copy: [
      // Not sed -i: in a container the file is mounted and cannot be replaced.
      "- run: sudo cp /etc/hosts /tmp/hosts && grep -vwF '{name}' /tmp/hosts | sudo tee /etc/hosts",
    ],
  },
  'dns-timeout': {
    title: 'the DNS server did not answer in time',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: CHECK_DNS,
  },
  'connection-refused': {
    title: 'nothing listens on that host and port',
    class: 'infrastructure',
    fault: 'proxy',
    rerunHelps: 'maybe',
    remedy: 'Check the port in {proxy} and whether the server runs, or {removal}.',
  },
  'connection-reset': {
    title: 'the connection was reset',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'connect-timeout': {
    title: 'no TCP connection in time',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  unreachable: {
    title: 'there is no route to the host',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'ipv6-unreachable': {
    title: 'the host can be reached by IPv6 only, and this runner has no way there',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: 'Give {host} an IPv4 address too, use a runner with IPv6, or {removal}.',
  },
  'tls-timeout': {
    title: 'the TLS handshake did not end in time',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'tls-unknown-authority': {
    title: 'the certificate is signed by an authority that this runner does not trust',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: TRUST_CA,
  },
  'tls-self-signed': {
    title: 'the certificate is self-signed',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: TRUST_CA,
  },
  'tls-incomplete-chain': {
    title: 'the server does not send the intermediate certificate',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy:
      'Let {host} send its whole certificate chain (nginx: `ssl_certificate` with the full chain file), or {removal}.',
  },
  'tls-expired': {
    title: 'the certificate has expired',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Renew the certificate of {host}; when it is fresh, set the clock of this runner (`date -u`).',
  },
  'tls-not-yet-valid': {
    title: 'the certificate is not valid yet',
    class: 'configuration',
    fault: 'runner',
    rerunHelps: 'no',
    remedy: 'Set the clock of this runner (`date -u`); when it is right, the certificate of {host} is wrong.',
  },
  'tls-wrong-host': {
    title: 'the certificate is for another host',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy:
      'Use the host name that the certificate has in {proxy}; when it is right, something between the runner and {host} answers in its place.',
  },
  'tls-protocol': {
    title: 'no TLS version or cipher in common',
    class: 'configuration',
    fault: 'proxy',
    rerunHelps: 'no',
    remedy: 'Let {host} speak TLS 1.2 or later, or {removal}.',
  },
  'plain-http-on-tls-port': {
    title: 'the server speaks plain HTTP where TLS is expected',
    class: 'configuration',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Check scheme and port of {proxy}: `http://` instead of `https://`, or the port that speaks TLS.',
  },
  'tls-closed': {
    title: 'the connection was closed during the TLS handshake',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: CHECK_EGRESS,
  },
  'tls-client-certificate': {
    title: 'the server wants a client certificate, which go cannot give',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: 'Use an address of {host} that asks for no client certificate, or a login by netrc or GOAUTH.',
  },
  'http-proxy-failed': {
    title: 'the HTTP proxy could not open the connection',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: `Run the job again. If it stays so, ask who runs the HTTP proxy whether it reaches {host}. ${HTTP_PROXY}`,
    copy: ['env: { NO_PROXY: {name} }'],
  },
  'http-proxy-refused': {
    title: 'the HTTP proxy refused the connection',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: `Allow {host} in the HTTP proxy. ${HTTP_PROXY}`,
  },
  'http-proxy-login': {
    title: 'the HTTP proxy asks for a login',
    class: 'access',
    fault: 'configuration',
    rerunHelps: 'no',
    remedy: `Put the login into HTTPS_PROXY from a secret. ${HTTP_PROXY}`,
  },
  'http-proxy-unreachable': {
    title: 'the HTTP proxy cannot be reached',
    class: 'infrastructure',
    fault: 'runner',
    rerunHelps: 'maybe',
    remedy: HTTP_PROXY,
  },
  'http-proxy-timeout': {
    title: 'the HTTP proxy did not open the tunnel in time',
    class: 'infrastructure',
    fault: 'network',
    rerunHelps: 'maybe',
    remedy: HTTP_PROXY,
  },
} as const satisfies Partial<Record<Cause, CauseEntry>>;
