"""The operator's telephone from the keyboard: her calls, her presence, those who are in a call, recordings."""
