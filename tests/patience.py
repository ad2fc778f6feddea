"""How long a test waits for what has to come; whatever comes, comes at once on a machine that does nothing else."""

SOON = 30.0  # seconds
