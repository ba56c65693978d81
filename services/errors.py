"""What can go wrong, named by meaning. Messages are for people; HTTP numbers are in web/errors."""

from typing import Any


class PrintdeskError(Exception):
    """A refusal that a person can read. `details` says where and what, for programs and forms."""

    code = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Invalid(PrintdeskError):
    """The input is wrong. `fields` maps each field to what is wrong and what would be right."""

    code = "invalid"

    def __init__(
        self, message: str = "Please correct the marked fields.", /, **fields: str
    ) -> None:
        super().__init__(message, fields=fields)
        self.fields = fields


class Malformed(Invalid):
    """No page or form of ours could have sent this."""


class NotFound(PrintdeskError):
    code = "not_found"


class Forbidden(PrintdeskError):
    """The person is known, and may not do this."""

    code = "forbidden"


class NotSignedIn(PrintdeskError):
    code = "not_signed_in"


class NotLockHolder(Forbidden):
    """The action needs the job's lock, and the person does not hold it."""

    code = "lock_required"


class Conflict(PrintdeskError):
    """The thing is no longer as the person believes."""

    code = "conflict"


class LockedByOther(Conflict):
    """`locked_by` (a name) and `locked_until` (UTC) are in the details."""

    code = "locked"


class Duplicate(Conflict):
    """The same file from the same e-mail already waits. `existing_job_id` is in the details."""

    code = "duplicate"


class LinkGone(PrintdeskError):
    """A confirmation link that was real. `reason` is expired, used, replaced or settled."""

    code = "link_gone"


class TooSoon(PrintdeskError):
    """Asked again too early. `retry_after_s` is in the details."""

    code = "too_soon"


class TooLarge(PrintdeskError):
    code = "too_large"


class Retryable(PrintdeskError):
    """Nothing has changed, and the same request may succeed later."""

    code = "unavailable"


class StorageUnavailable(Retryable):
    code = "storage_unavailable"


class NotDurable(StorageUnavailable):
    """A failed fsync. Final at once: a second one may succeed though what was written is lost."""


class StorageFull(PrintdeskError):
    """No space, or a read-only file system: final until somebody makes room."""

    code = "storage_full"
