# The Consul agent of one machine: who registers or asks on this machine talks to it, by loopback. It finds a living
# server by itself. Known to Consul 1.8 and later.
datacenter     = "dc1"
data_dir       = "/consul/data"
retry_join     = ["consul-server-1", "consul-server-2", "consul-server-3"]
retry_interval = "1s"
client_addr    = "127.0.0.1"

# A restart of this process is no farewell: the machine's services stay in the catalog.
leave_on_terminate = false

disable_update_check = true
log_level            = "warn"

# The places for gossip encryption and access control: see server.hcl.
# encrypt = "…"
# acl { enabled = true  default_policy = "deny"  tokens { agent = "…" } }
