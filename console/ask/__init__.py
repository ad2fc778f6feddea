"""Small questions over a screen: pick one by a digit, type a line."""
