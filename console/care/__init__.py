"""Care calls: what was agreed with a resident, and how she was each time."""
