"""What can go wrong with a file, in words that a person can read."""


class ReaderError(Exception):
    """A file that gives no result, and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unreadable(ReaderError):
    """The file is at fault: what is wrong with it, and what would be right. A whole sentence."""


class CouldNotRead(ReaderError):
    """Reading needed too much, hung or crashed: why, in words without a full stop."""


class Interrupted(CouldNotRead):
    """The reader was killed from outside: by a restart, or by a system without memory. Nothing is
    said about the file, and it can be read again."""
