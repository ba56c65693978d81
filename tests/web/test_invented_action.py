"""One row makes an action: its button, dialog, route, OpenAPI entry, shortcut and refusals."""

import json
import os
import re
import subprocess
import sys

import pytest

from settings import ROOT


@pytest.fixture(scope="module")
def found(postgres_and_redis):
    """What is there in a process that knows one action more: see tests/support/invented.py."""
    result = subprocess.run(
        (sys.executable, "-m", "tests.support.invented"),
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def buttons(drawn):
    """The labels of the action's buttons."""
    return re.findall(r'\["Praise"\]', drawn)


def test_it_has_a_button_on_cards_and_in_the_panel_and_above_the_queue(found):
    assert len(buttons(found["queue"])) == 1
    assert len(buttons(found["panel"])) == 1
    assert '"data-pd-batch":"praise"' in found["page"]


def test_managers_do_not_see_its_button_and_are_refused(found):
    assert buttons(found["queue_of_a_manager"]) == []
    assert "This needs the role staff" in found["dialog_of_a_manager"]
    status, body = found["by_a_manager"]
    assert (status, body["error"]) == (403, "forbidden")
    assert found["by_a_stranger"][0] == 401


def test_it_has_a_dialog_with_its_fields(found):
    for words in ("Praise this job", "The student will never know.", "Kind words", "Stars"):
        assert words in found["dialog"]
    assert '"data-pd-locked-job"' in found["dialog"]
    assert "Praise 1 job" in found["batch"]


def test_the_dialog_refuses_missing_and_out_of_range_values_and_accepts_others(found):
    assert "Say something." in found["empty"] and "pd-errors" in found["empty"]
    assert "Give one to five stars." in found["too_many_stars"]
    assert "Praised." in found["submitted"]


def test_it_has_a_route(found):
    status, body = found["called"]
    assert (status, body["status"]) == (200, "UPLOADED")
    assert found["events"].count("Praised") == 2, "once by the dialog, and once by the API"
    status, body = found["without_words"]
    assert (status, set(body["fields"])) == (400, {"words"})
    assert found["no_job"][0] == 404
    status, body = found["while_another_edits"]
    assert (status, body["error"]) == (409, "locked")


def test_it_is_in_the_openapi_document(found):
    operation = found["document"]["paths"]["/api/v1/jobs/{job_id}/praise"]["post"]
    assert operation["operationId"] == "praise"
    assert operation["summary"] == "Praises a job."
    assert {"200", "400", "401", "403", "404", "409", "413", "415", "503"} == set(
        operation["responses"]
    )
    [content] = operation["requestBody"]["content"].values()
    assert content["example"] == {"words": "So round!", "stars": 5}
    schema = found["document"]["components"]["schemas"]["PraiseIn"]
    assert schema["required"] == ["words"]
    assert schema["properties"]["words"]["maxLength"] == 20


def test_it_has_a_key(found):
    assert '\\"z\\": \\"praise\\"' in found["page"]
