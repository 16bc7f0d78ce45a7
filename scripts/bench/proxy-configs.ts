/**
 * What HAProxy and nginx are told: a primary with a backup server behind it, HTTP/2 on both sides. `default` is each with
 * its own defaults, but for limits that would only hold a benchmark up. `tuned` is what somebody may write who knows the
 * service: how long a call takes, and that only Add may be sent twice. It never knows more than a file could say.
 */

export const PROXY_PROGRAMS = ['haproxy', 'nginx'] as const;
export type ProxyProgram = (typeof PROXY_PROGRAMS)[number];

export const PROXY_KINDS = ['default', 'tuned'] as const;
export type ProxyKind = (typeof PROXY_KINDS)[number];

/** Addresses are `HOST:PORT`. */
export interface ProxyServers {
  readonly primary: string;
  readonly backup: string;
}

export interface ProxyPlace {
  /** On which it listens, of the loopback address. */
  readonly port: number;
  /** A folder of its own. */
  readonly home: string;
}

const MANY_STREAMS = 1_024;
const ENDLESS = 1_000_000_000;
const SAFE_PATH = '/calculator.v1.Calculator/Add';
/** The answer to a health check: a message of 2 bytes, `status: SERVING`. */
const SERVING_HEX = '00000000020801';

export function proxyConfig(program: ProxyProgram, kind: ProxyKind, servers: ProxyServers, place: ProxyPlace): string {
  return program === 'haproxy' ? haproxyConfig(kind, servers, place) : nginxConfig(kind, servers, place);
}

function haproxyConfig(kind: ProxyKind, { primary, backup }: ProxyServers, { port }: ProxyPlace): string {
  const { timeouts, rules, check, onPrimary } = HAPROXY[kind];
  return `global
  tune.h2.max-concurrent-streams ${MANY_STREAMS}
defaults
  mode http
  timeout client 50s
${indented(timeouts)}
frontend callers
  bind 127.0.0.1:${port} proto h2
  default_backend calculators
backend calculators
${indented(rules)}
  server primary ${primary} proto h2 ${check}${onPrimary}
  server backup ${backup} proto h2 ${check} backup
`;
}

/** The default timeouts are those of Debian's haproxy.cfg: without any it warns. */
const HAPROXY: Readonly<Record<ProxyKind, { timeouts: string[]; rules: string[]; check: string; onPrimary: string }>> =
  {
    default: { timeouts: ['timeout connect 5s', 'timeout server 50s'], rules: [], check: 'check', onPrimary: '' },
    tuned: {
      timeouts: ['timeout connect 100ms', 'timeout server 250ms', 'timeout check 100ms'],
      rules: [
        'option redispatch 1',
        'retry-on conn-failure empty-response response-timeout',
        `http-request disable-l7-retry unless { path ${SAFE_PATH} }`,
        'option tcp-check',
        `tcp-check send-binary ${healthCheckHex()}`,
        `tcp-check expect binary ${SERVING_HEX}`,
      ],
      check: 'check inter 100ms fall 2 rise 2',
      // The backup is not judged by its calls: nobody comes after it.
      onPrimary: ' observe layer4 error-limit 1 on-error mark-down',
    },
  };

function nginxConfig(kind: ProxyKind, { primary, backup }: ProxyServers, { port, home }: ProxyPlace): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const { upstream, onPrimary, onBackup, locations } = NGINX[kind];
  return `worker_processes auto;
error_log stderr crit;
pid ${home}/nginx.pid;
daemon off;
events { worker_connections 2048; }
http {
  access_log off;
${indented(folders.map((name) => `${name}_temp_path ${home}/${name};`))}
  keepalive_requests ${ENDLESS};
  http2_max_concurrent_streams ${MANY_STREAMS};
  upstream calculators {
${indented(upstream)}
    server ${primary}${onPrimary};
    server ${backup} backup${onBackup};
    keepalive ${MANY_STREAMS};
    keepalive_requests ${ENDLESS};
  }
  server {
    listen 127.0.0.1:${port} http2;
${indented(locations)}
  }
}
`;
}

const NGINX: Readonly<
  Record<ProxyKind, { upstream: string[]; onPrimary: string; onBackup: string; locations: string[] }>
> = {
  default: { upstream: [], onPrimary: '', onBackup: '', locations: ['location / { grpc_pass grpc://calculators; }'] },
  tuned: {
    upstream: ['zone calculators 64k;'],
    onPrimary: ' max_fails=1 fail_timeout=1s',
    // As above.
    onBackup: ' max_fails=0',
    locations: [
      'grpc_connect_timeout 100ms;',
      'grpc_send_timeout 250ms;',
      'grpc_read_timeout 250ms;',
      'location / { grpc_pass grpc://calculators; }',
      // It helps little: nginx passes a gRPC request on unbuffered, and cannot repeat what it has begun to send.
      `location = ${SAFE_PATH} {`,
      '  grpc_next_upstream error timeout non_idempotent;',
      '  grpc_pass grpc://calculators;',
      '}',
    ],
  },
};

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

/**
 * All that a caller sends for one grpc.health.v1 Check of the whole server, as HTTP/2 (RFC 9113) and HPACK (RFC 7541) write
 * it: HAProxy's checks speak no gRPC, but they can send bytes.
 */
function healthCheckHex(): string {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  // Static table: 3 is `:method: POST`, 6 `:scheme: http`, 4 `:path`, 1 `:authority`, 31 (15 + 16) `content-type`.
  const headers = Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    text('/grpc.health.v1.Health/Check'),
    Buffer.from([0x01]),
    text('haproxy'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
  const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload]);
  const [data, headersType, settings] = [0x0, 0x1, 0x4];
  const [endStream, endHeaders] = [0x1, 0x4];
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(settings, 0, 0, Buffer.alloc(0)),
    frame(headersType, endHeaders, 1, headers),
    frame(data, endStream, 1, Buffer.alloc(5)),
  ]).toString('hex');
}
