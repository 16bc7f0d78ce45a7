/**
 * The configuration of a Consul for development: loopback only, nothing listening but what is used, no telephoning
 * home. `check_update_interval` stays as it is in production, because agents have to live with it.
 */
export interface ConsulPorts {
  readonly http: number;
  /** Between Consul servers. */
  readonly server: number;
  /** Gossip, TCP and UDP. */
  readonly serfLan: number;
  readonly serfWan: number;
}

/** HCL for `consul agent -dev`, in words that `version` and its neighbours since 1.8 know. */
export function consulConfig(ports: ConsulPorts, version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const hasGrpcTls = major > 1 || minor >= 14;
  return `
node_name = "consul-${String(ports.http)}"
bind_addr = "127.0.0.1"
client_addr = "127.0.0.1"
log_level = "warn"
disable_update_check = true
leave_on_terminate = false
# No service mesh: the first write works three times sooner.
connect { enabled = false }
ports {
  http = ${String(ports.http)}
  server = ${String(ports.server)}
  serf_lan = ${String(ports.serfLan)}
  serf_wan = ${String(ports.serfWan)}
  dns = -1
  grpc = -1
${hasGrpcTls ? '  grpc_tls = -1\n' : ''}}
`;
}
