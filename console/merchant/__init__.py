"""A merchant: how it is reached, when it is open, what residents said."""
