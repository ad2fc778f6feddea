"""The wire models: all that a client of the HTTP API has to know. Nothing here needs more than pydantic."""
