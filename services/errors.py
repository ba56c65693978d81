"""Errors, named by meaning. Messages are for people; HTTP statuses are in web/errors.py."""

from typing import Any


class PrintdeskError(Exception):
    """An error with a message for people. `details` holds the facts for programs and forms."""

    code = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Invalid(PrintdeskError):
    """The input is wrong. `fields` maps each wrong field to a message that says what is allowed."""

    code = "invalid"

    def __init__(
        self, message: str = "Please correct the marked fields.", /, **fields: str
    ) -> None:
        super().__init__(message, fields=fields)
        self.fields = fields


class Malformed(Invalid):
    """A request that our pages and forms could not have sent."""


class NotFound(PrintdeskError):
    code = "not_found"


class Forbidden(PrintdeskError):
    """The person is signed in, but may not do this."""

    code = "forbidden"


class NotSignedIn(PrintdeskError):
    code = "not_signed_in"


class NotLockHolder(Forbidden):
    """The action needs the job's lock, and the person does not hold it."""

    code = "lock_required"


class Conflict(PrintdeskError):
    """The data has changed since the person last saw it."""

    code = "conflict"


class LockedByOther(Conflict):
    """`locked_by` (a name) and `locked_until` (UTC) are in the details."""

    code = "locked"


class Duplicate(Conflict):
    """The same file from the same e-mail has an open job. `existing_job_id` is in the details."""

    code = "duplicate"


class LinkGone(PrintdeskError):
    """A confirmation link that was once valid. `reason` is expired, used, replaced or settled."""

    code = "link_gone"


class TooSoon(PrintdeskError):
    """Requested again too early. `retry_after_s` is in the details."""

    code = "too_soon"


class TooLarge(PrintdeskError):
    code = "too_large"


class Retryable(PrintdeskError):
    """Nothing has changed, and the same request may succeed later."""

    code = "unavailable"


class StorageUnavailable(Retryable):
    code = "storage_unavailable"


class NotDurable(StorageUnavailable):
    """A failed fsync. It is not retried: a second fsync may succeed although the data is lost."""


class StorageFull(PrintdeskError):
    """No space, or a read-only file system: not retried until somebody frees up space."""

    code = "storage_full"
