"""The rules a centre works by: read, changed, each change a version with its author."""
