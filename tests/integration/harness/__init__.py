"""What the integration tests and the demo stand on: a throw-away PostgreSQL, the proxy as a process, a raw wire client."""
