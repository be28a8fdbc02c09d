import type { Recognition } from './recognition.ts';

/** How the causes of one proxy are recognised: in our own requests, and where go says the same in its log. */
export const REQUEST_RECOGNITION = {
  'dns-not-found': {
    request: '`ENOTFOUND` or `ENODATA` of the resolver',
    log: '`lookup HOST: no such host`, and what Windows says for it',
  },
  'dns-failed': {
    request: 'every other error of the resolver: `ESERVFAIL`, `EAI_AGAIN` and the like',
    log: '`lookup HOST: server misbehaving`, `Temporary failure in name resolution`, or a question to the resolver that could not be sent',
  },
  'dns-refused': {
    request: '`EREFUSED` of the resolver, or `ECONNREFUSED` of its address',
    log: '`lookup HOST on SERVER: read udp ...: connection refused`',
  },
  'dns-answers-differ': {
    check:
      'the answers of each name server in resolv.conf for the name, when the one that was believed leads nowhere',
    evidence: 'the answer of each name server, and what failed',
  },
  'hosts-file-override': {
    check: 'a line for the name in the hosts file, when the address in it fails',
    evidence: 'the line of the hosts file, and what failed',
  },
  'dns-timeout': {
    request: '`ETIMEOUT` of the resolver, or its silence until the time was over',
    log: '`lookup HOST on SERVER: ... i/o timeout`',
  },
  'connection-refused': {
    request: '`ECONNREFUSED`',
    log: '`connect: connection refused`; on Windows `actively refused it`',
  },
  'connection-reset': {
    request: '`ECONNRESET`, `ECONNABORTED` or `EPIPE` outside of the TLS handshake',
    log: '`connection reset by peer`, `broken pipe`; on Windows `forcibly closed by the remote host`',
  },
  'connect-timeout': {
    request: '`ETIMEDOUT`, or no TCP connection until the time was over',
    log: '`dial tcp ADDRESS: i/o timeout`, `connection timed out`; on Windows `did not properly respond`',
  },
  unreachable: {
    request:
      '`ENETUNREACH`, `EHOSTUNREACH`, `ENETDOWN`, `EADDRNOTAVAIL`, `EACCES` or `EPERM` while connecting',
    log: '`network is unreachable`, `no route to host`, `connect: permission denied`',
  },
  'ipv6-unreachable': {
    request: '`ENETUNREACH`, `EHOSTUNREACH` or `EADDRNOTAVAIL` for each address, and all of them are IPv6',
  },
  'tls-timeout': {
    request: 'a TLS handshake that has not ended when the time is over',
    log: '`net/http: TLS handshake timeout`',
  },
  'tls-unknown-authority': {
    request:
      '`SELF_SIGNED_CERT_IN_CHAIN`, `UNABLE_TO_GET_ISSUER_CERT`, `CERT_UNTRUSTED`, `INVALID_CA`; `UNABLE_TO_VERIFY_LEAF_SIGNATURE` where the certificate does not name its issuer',
    log: '`x509: certificate signed by unknown authority`, and every other `x509:` that is not in this list',
  },
  'tls-self-signed': { request: '`DEPTH_ZERO_SELF_SIGNED_CERT`' },
  'tls-incomplete-chain': {
    request: '`UNABLE_TO_VERIFY_LEAF_SIGNATURE` where the certificate says where that of its issuer is',
  },
  'tls-expired': {
    request: '`CERT_HAS_EXPIRED`',
    log: '`x509: certificate has expired`, where the time in the line is past the end',
  },
  'tls-not-yet-valid': {
    request: '`CERT_NOT_YET_VALID`',
    log: '`x509: certificate has expired or is not yet valid: current time ... is before ...`',
  },
  'tls-wrong-host': {
    request: '`ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_TLS_CERT_ALTNAME_FORMAT`, `HOSTNAME_MISMATCH`',
    log: '`x509: certificate is valid for ..., not HOST` and its variants',
  },
  'tls-protocol': {
    request: 'every other error in the TLS handshake, mostly an alert of the server',
    log: '`remote error: tls: ...` and other `tls: ...`',
  },
  'tls-client-certificate': {
    request:
      'the alerts 116 and 42 of TLS; 40 after the server had shown its certificate; 400 with the page of nginx for it',
    log: '`remote error: tls: certificate required`, or `bad certificate`',
  },
  'plain-http-on-tls-port': {
    request: '`ERR_SSL_WRONG_VERSION_NUMBER`, `ERR_SSL_HTTP_REQUEST`, `ERR_SSL_PACKET_LENGTH_TOO_LONG`',
    log: '`server gave HTTP response to HTTPS client`, `first record does not look like a TLS handshake`',
  },
  'tls-closed': {
    request: '`ECONNRESET`, `EPIPE` or `ERR_SSL_UNEXPECTED_EOF_WHILE_READING` in the TLS handshake',
  },
  'http-proxy-refused': {
    request: 'a status below 500 other than 2xx and 407 to CONNECT, or an answer that is not HTTP',
    log: 'only the text of a status behind the URL (`Forbidden`): go shows that of a refused CONNECT without its number',
  },
  'http-proxy-failed': {
    request: 'a status from 500 up to CONNECT, or a connection that is closed without an answer to it',
    log: 'only the text of a status from 500 up behind the URL: `Bad Gateway`, `Service Unavailable`',
  },
  'http-proxy-login': {
    request: 'status 407 of the HTTP proxy, to CONNECT or to a request that it relays',
    log: '`Proxy Authentication Required` behind the URL, or status 407',
  },
  'http-proxy-unreachable': {
    request: 'an error while connecting to the HTTP proxy that the environment names',
    log: '`proxyconnect tcp: ...`',
  },
  'http-proxy-timeout': {
    request: 'no tunnel until the time was over',
    log: '`proxyconnect tcp: ... i/o timeout`',
  },
  'headers-timeout': {
    request: 'connected, asked, and no byte of an answer until the time was over',
    log: '`timeout awaiting response headers`',
  },
  'body-timeout': {
    request: 'an answer of which nothing, or too little, came for too long',
    log: '`read tcp ...: i/o timeout` or `connection timed out` in the middle of an answer',
  },
  'closed-early': {
    request: 'the end of the connection before an answer (`UND_ERR_SOCKET`)',
    log: '`EOF` alone behind the URL, `server closed idle connection`',
  },
  truncated: {
    request:
      'the end of the connection in a body, a body of another length than announced, or a chunk that breaks off',
    log: '`unexpected EOF` behind the URL',
  },
  'http-status': {
    request: 'every status but 200 that no other diagnosis is for',
    log: '`reading URL: 500 Internal Server Error`, with every status that no other diagnosis is for',
  },
  'http-too-many-requests': { request: 'status 429', log: '`reading URL: 429 Too Many Requests`' },
  'http-blocked': {
    request: 'status 418 or 451, or 403 of a public proxy',
    log: '`reading URL: 451 Unavailable For Legal Reasons`, `418`',
  },
  'http-region-blocked': {
    request:
      'status 403, 418 or 451 whose text gives country, region or location, or unusual traffic, as the reason',
    log: 'the same statuses with the same texts in `server response:`',
  },
  'http-egress-blocked': {
    request: 'status 403, 418 or 451 whose text names VPC Service Controls (`SecurityPolicyViolated`)',
    log: 'the same statuses with the same texts in `server response:`',
  },
  'not-found-transient': {
    request: '404 or 410 whose text says `bad upstream`, `fetch timed out` or `temporarily unavailable`',
    log: '404 or 410, and below it a `server response:` that tells of a timeout, a connection, a bad upstream',
  },
  'redirect-loop': {
    request: 'more redirects in a row than go follows',
    log: '`stopped after 10 redirects`',
  },
  'redirect-insecure': {
    request: 'a `Location` with http in an answer over https',
    log: '`redirected from secure URL ... to insecure URL`',
  },
  'redirect-blocked': {
    request: 'a failure of the network, or another status than 200, at the host that a redirect leads to',
    log: 'a failure of the network behind the URL of a host that is not the one of the proxy',
  },
  'protocol-error': {
    request: '`HPE_*` of the HTTP parser before the body, a redirect without a valid target',
    log: '`malformed HTTP response`, `transport connection broken`, `more than declared Content-Length`',
  },
  'captive-portal': {
    request: 'success for a path that cannot exist, or status 511',
    log: '`invalid response from proxy "URL": invalid character \'<\'`: a page where JSON belongs',
  },
  'parked-domain': {
    request:
      'a page that leads to, or loads from, a service for parked domains, in the place of a module file',
  },
  'wrong-content': { request: 'an `.info` that is no JSON object with a Version' },
  'wrong-hash': { request: 'a zip or `.mod` file with another h1 than go.sum, or a built-in list, has' },
  'invalid-info': {
    request: 'an `.info` file with another version than the one asked for, or that is no JSON',
    log: '`invalid response from proxy`, `proxy returned info for version`',
  },
  'too-large': {
    request:
      'a body of more than 500 MiB (zip) or 16 MiB (`.mod`), and of less where the probe asks for small files',
    log: '`downloaded zip file too large`',
  },
  'encoded-body': { request: 'a header `Content-Encoding` although `identity` was asked for' },
  'too-slow': {
    request: 'no end of the probe when another candidate had been done for as long again, and 300 ms more',
  },
  internal: { request: 'an error code that no rule here knows, or an exception in this action' },
  'proxy-unauthorized': { request: 'status 401 of a proxy that is not public' },
  'proxy-login-refused': {
    request:
      'status 401 or 403 of a proxy that is not public, whose text calls a token or password invalid or expired',
    log: '401 or 403, and the same in `server response:`',
  },
  'proxy-security-block': {
    request:
      'status 403 of a proxy that is not public, whose text speaks of quarantine, curation, malware or vulnerabilities',
    log: '401, 403 or 451, and the same in `server response:`',
  },
  'proxy-forbidden': { request: 'status 403 of a proxy that is not public' },
  'proxy-login-required': { request: 'status 407 of a proxy that is not public' },
  'proxy-not-found': {
    request: 'status 404 or 410 of a proxy that is not public, for the module of the probe',
  },
} as const satisfies Readonly<Record<string, Recognition>>;
