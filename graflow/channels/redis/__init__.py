"""The client of a Redis or Valkey server: connections, retries, scripts, embedded servers."""
