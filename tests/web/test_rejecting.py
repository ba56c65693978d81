"""Rejecting in the console: the message for “Other” without an explanation."""

import pytest

from tests.support.client import Desk
from tests.web.test_console_callbacks import press, sent, submit, text_of


@pytest.fixture
def desk(database, storage_root):
    return Desk()


def test_other_without_an_explanation_keeps_the_dialog_open(desk):
    browser, job_id = desk.browser(), desk.job()
    about = sent(press(browser, action="reject", job=job_id))["dialog-about"]["data"]
    response = sent(submit(browser, about, reasons=["Other"], custom_reason=""))
    assert response["dialog-modal"]["is_open"] is True
    assert "Explain in your own words" in text_of(response["dialog-error"]["children"])
    assert desk.staff.get(f"/jobs/{job_id}").json["status"] == "UPLOADED"
    sent(submit(browser, about, reasons=["Other"], custom_reason="The teeth are too fine."))
    job = desk.staff.get(f"/jobs/{job_id}").json
    assert (job["status"], job["reject_reasons"]) == ("REJECTED", ["The teeth are too fine."])
