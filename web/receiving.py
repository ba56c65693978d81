"""Receives submissions: the form's file is streamed to disk while it arrives."""

from collections.abc import Callable
from typing import IO, Any, cast

from flask import Request, after_this_request, request
from flask.wrappers import Response
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from services import work
from services.errors import Invalid, TooLarge
from services.files.uploads import Receiver
from services.jobs.records import JobView
from services.students import submissions
from settings import lab

FORM_BYTES = 1024**2  # more than the text fields of a form need
PIECE_BYTES = 512 * 1024
REST_BYTES = 64 * 1024  # the most that the parser keeps of the previous piece
DRAIN_BYTES = 256 * 1024**2
DRAIN_SECONDS = 10.0


class _LargePieces:
    """Reads a body in large pieces, whatever smaller size is requested: at every read, gunicorn
    copies everything it has read ahead."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def read(self, _size: int = -1) -> bytes:
        return self._body.read(PIECE_BYTES)


class _FormParser(FormDataParser):
    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        if mimetype == "multipart/form-data":
            stream = cast(IO[bytes], _LargePieces(stream))
        return super().parse(stream, mimetype, content_length, options)


class PrintdeskRequest(Request):
    """Streams uploaded files into the storage instead of memory or /tmp, and takes an empty body
    where JSON is expected as `{}`."""

    form_data_parser_class = _FormParser

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receivers: list[Receiver] = []

    def close(self) -> None:
        """Removes every received file that no job has taken over, also those of incomplete forms,
        which werkzeug forgets."""
        super().close()
        for receiver in self._receivers:
            receiver.discard()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        receiver = Receiver(lab().upload.max_bytes)
        self._receivers.append(receiver)
        return cast(IO[bytes], receiver)

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """Raises RequestEntityTooLarge for chunked bodies too; werkzeug would silently truncate
        them."""
        data = super().get_data(*args, **kwargs)
        most = self.max_content_length
        if self.content_length is None and most is not None and len(data) >= most:
            raise RequestEntityTooLarge()
        return data

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        if e is not None and not self.get_data(cache=True):
            return None
        return super().on_json_loading_failed(e)


def receive_submission() -> JobView:
    """Reads this request's form, streams its file to disk, and creates a job from both.

    Raises TooLarge before reading anything if the declared length is too large; Invalid with every
    wrong field; and the errors of services.students.submissions.submit.
    """
    limit = lab().upload.max_bytes + FORM_BYTES
    request.max_content_length = limit
    request.max_form_memory_size = PIECE_BYTES + REST_BYTES
    if (request.content_length or 0) > limit:
        drain_after_answer()
        raise TooLarge(
            f"The file is larger than {lab().upload.max_mb} MB. "
            "Simplify the mesh, or split the model into parts.",
            max_bytes=lab().upload.max_bytes,
        )
    try:
        received = request.files.get("file")
    except TooLarge:
        drain_after_answer()
        raise
    wrong: dict[str, str] = {}
    form = None
    try:
        form = submissions.read_form(request.form)
    except Invalid as refused:
        wrong = dict(refused.fields)
    for name in {*request.form, *request.files} - {*submissions.FIELDS, "file"}:
        wrong[name] = "This field does not exist."
    if received is None or not received.filename:
        wrong["file"] = "Choose your model file (.stl, .obj or .3mf)."
    if wrong or form is None or received is None:
        raise Invalid(**wrong)
    receiver = cast(Receiver, received.stream)
    with work.unit() as session:
        return submissions.submit(session, form, receiver.finish(received.filename or ""))


def drain_after_answer() -> None:
    """Continues to read the body, for a limited time, after an early refusal has been sent.

    A client that is still sending when the connection closes loses the answer; browsers then show
    a network error instead of our message.
    """
    # Not request.stream, which raises an error if the length is too large.
    stream, sock = request.input_stream, request.environ.get("gunicorn.socket")

    def drain() -> None:
        if sock is not None:
            sock.settimeout(DRAIN_SECONDS)
        left = DRAIN_BYTES
        try:
            while left > 0 and (piece := stream.read(1024**2)):
                left -= len(piece)
        except (OSError, ValueError):
            return  # the client has gone, or declared a wrong length: nothing is lost

    @after_this_request
    def _attach(response: Response) -> Response:
        response.headers["Connection"] = "close"
        close: Callable[[], Any] = drain
        response.call_on_close(close)
        return response
