/**
 * Every default of the agent's configuration, and why it is that. Durations as a user would write them.
 */
export const DEFAULTS = {
  tier: 0,
  weight: 1,
  /** The safety net for a dead agent or machine, not the failover path. Consul users with 3 to 6 s saw checks flap under load. */
  ttl: '10s',
  /** A tenth of the TTL, and the time in which an agent notices that Consul came back empty. Local to Consul's agent, so cheap. */
  beat: '1s',
  /** A loaded Consul may take seconds for a PUT; with beat and retry it is still far below the TTL. */
  beatTimeout: '3s',
  /** Ten times Consul's floor of 1 min: a rebooting machine finds its entry again. */
  deregisterAfter: '10m',
  /** A caller must never see a server that has not answered once. */
  register: 'after-first-pass',
  probe: {
    /** What a caller of a gRPC server needs is that it answers gRPC; a hung process still accepts TCP. */
    type: 'grpc',
    /** The server as a whole. */
    service: '',
    /** Clients notice by their own calls within 100 ms; the catalog may take a second or two to be sure. */
    interval: '1s',
    /** Longer than an ordinary garbage collection, short enough to fit twice into a second. */
    timeout: '500ms',
    /** Two failures … */
    fall: 2,
    /** … of three: one lost answer moves no traffic, a server that fails every other probe is found. */
    of: 3,
    rise: 2,
    /** Many servers have no health service; they answer gRPC all the same. */
    onUnimplemented: 'pass',
    /** Load doubles answers and triples them; beside that, only a quarter of the timeout is news. */
    slowFactor: 4,
  },
  dependency: {
    /** Databases speak their own protocols; all of them accept connections. */
    type: 'tcp',
    /** As often as the server is asked, so that there is news of both. */
    interval: '1s',
    timeout: '500ms',
    /** Servers that lost their database need a moment to find it again. */
    rise: 3,
  },
  process: {
    /** Memory and CPU time are trends, and a look costs a walk through /proc. */
    interval: '5s',
    /** Longer than a garbage collection, a backup's start, a burst of calls. */
    for: '30s',
  },
  drain: {
    /** Clients follow the catalog by blocking queries: they know within a fraction of this. */
    grace: '2s',
    /** Docker and systemd wait 10 s and 90 s before they kill: below the shorter one, so that we end by our own will. */
    timeout: '8s',
  },
  restart: {
    /** The first delay of a server that did not run stably; a stable one starts again at once. */
    initialDelay: '100ms',
    maxDelay: '10s',
    factor: 2,
    /** Longer than all ten waits together (43 s), so a crash loop is given up and does not go on for ever … */
    window: '2m',
    maxAttempts: 10,
    /** … and `maxAttempts` stable runs do not fit into it, so a server that works between its ends is never given up. */
    stableAfter: '15s',
    /** A hung server helps nobody, and callers are elsewhere already. */
    onUnhealthy: true,
    /** Time for a polite end after SIGTERM; a hung process does not use it, and its callers wait for the new one. */
    killAfter: '3s',
    /** JVMs and model servers need their time; sooner than a person would look. */
    startTimeout: '30s',
  },
  recovery: {
    /** A service manager's restart and a server's start fit into it. */
    grace: '10s',
    attempts: 1,
    /** Longer than systemd and Docker give a polite end (10 s and more), so that their restart is not cut in the middle. */
    timeout: '30s',
    retries: 2,
    signal: 'SIGTERM',
    socket: '/var/run/docker.sock',
    /** Data may be large. */
    restore: '5m',
    check: '10s',
    clients: {
      /** Who may restart a server by a word should be chosen. */
      trust: 'none',
      /** One may be ill itself. */
      witnesses: 2,
    },
  },
  guard: {
    /** A fault that all share must not end all servers; those that are ill get no calls meanwhile. */
    atOnce: 1,
    /** A service of one instance has no others. */
    minHealthy: 0,
  },
  guardian: {
    /** With the TTL an agent that is only restarted has twenty seconds. */
    after: '10s',
  },
  drill: {
    /** It moves real calls: only where somebody wants it. */
    schedule: 'off',
    /** Caches fill and slow calls end in it, and a person can look on. */
    for: '30s',
  },
  log: { level: 'info', format: 'auto' },
  journal: {
    /** Some thousand incidents … */
    fileSize: 1_048_576,
    /** … in each of so many files: years of an ordinary server, and no disk is filled. */
    files: 16,
    /** A quarter of a year: long enough to compare with the one before. */
    keepDays: 90,
  },
  /** Once an hour: enough to see that it lives, too little to bury anything. */
  schedule: { summary: '0 * * * *', retention: '30 3 * * *' },
} as const;
