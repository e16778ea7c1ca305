"""What every use case stands on: ports, leases, commits, tasks, audit."""
