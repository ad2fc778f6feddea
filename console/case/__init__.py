"""A case: opened, offered, watched, closed."""
