"""What schemathesis cannot know: which jobs there are, and what is a model.

Loaded by schemathesis's own process; see tests/api/test_schemathesis.py.
"""

import os
import string
import uuid

import schemathesis
from hypothesis import strategies

from tests.support import meshes

LETTERS = string.ascii_letters + "éüß山川"
ADDRESSES = strategies.text(string.ascii_lowercase, min_size=1, max_size=20)
# What the document cannot say: which printer and colour fit a material, that a rejection has one
# reason at least, in either of two fields, and which status a job has now, on which it hangs what
# may still be edited; and who is on the staff list already.
BEYOND_SCHEMA = {
    *(("submit", "printer"), ("submit", "color"), ("approve", "printer"), ("approve", "color")),
    *(("reject", "reasons"), ("change_status", "new_status"), ("add_person", "email")),
    *(("edit_job", name) for name in ("printer", "material", "color", "weight_g", "time_hours")),
}

schemathesis.openapi.format("job-id", strategies.sampled_from(os.environ["JOBS"].split()))
schemathesis.openapi.format("printable", strategies.text(LETTERS, min_size=2, max_size=50))
schemathesis.openapi.format("email", ADDRESSES.map(lambda name: f"{name}@uni.example"))
schemathesis.openapi.format(
    "binary",
    strategies.builds(lambda: meshes.binary_stl(header=uuid.uuid4().hex.encode())),
)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """What is no fault of ours: a wrong type that a form's text hides, and BEYOND_SCHEMA."""
    operation = case.operation.definition.raw["operationId"]
    if type(failure).__name__ == "AcceptedNegativeData":
        return not (operation == "submit" and "was string, became" in failure.message)
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    fields = response.json().get("fields", {})
    return not fields or any((operation, name) not in BEYOND_SCHEMA for name in fields)
