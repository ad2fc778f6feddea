"""What happened in a month."""
