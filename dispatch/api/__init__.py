"""The HTTP API: `create_app` makes the application; every command and every view of the work goes through here."""

from dispatch.api.app import create_app

__all__ = ["create_app"]
