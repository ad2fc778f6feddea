"""How the app says no."""


class Refusal(Exception):
    """Answered with `status` and the message as `{"message": …}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
