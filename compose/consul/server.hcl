# One of three Consul servers. Known to Consul 1.8 and later.
datacenter       = "dc1"
data_dir         = "/consul/data"
server           = true
bootstrap_expect = 3
retry_join       = ["consul-server-1", "consul-server-2", "consul-server-3"]
retry_interval   = "1s"
client_addr      = "0.0.0.0"

# Consul's advice for production: elections as fast as a real network allows.
performance { raft_multiplier = 1 }

# Not used here, and each costs something at the start.
connect { enabled = false }
disable_update_check = true
log_level            = "warn"

# The place for gossip encryption: one key, the same on every server and client. `consul keygen` makes one.
# encrypt = "…"

# The place for access control, on every server and client.
# acl { enabled = true  default_policy = "deny"  enable_token_persistence = true }
