"""One person in two records: found, looked at side by side, settled."""
