"""The caller's card: who is on the line, whom it is about, and all that helps before saying hello."""
