"""Sign-in with a certified OpenID Connect provider, in Chromium, from the first click on."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.support import launched, oidc
from tests.support.accounts import add_staff
from tests.support.mailserver import MailServer, free_port
from tests.support.servers import connect

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def provider_and_desk():
    smtp, port = MailServer(), free_port()
    smtp.start()
    provider = oidc.OidcProvider(f"http://127.0.0.1:{port}")
    provider.start()
    desk = launched.make(
        "oidc",
        smtp,
        AUTH_MODE="oidc",
        OIDC_ISSUER=provider.issuer,
        OIDC_CLIENT_ID=oidc.CLIENT_ID,
        OIDC_CLIENT_SECRET=oidc.CLIENT_SECRET,
        OIDC_ADMIN_EMAILS="boss@printlab.example, boss2@printlab.example",
        ADMIN_EMAIL="",
        ADMIN_PASSWORD="",
    )
    desk.port = port
    try:
        yield provider, desk.start()
    finally:
        launched.remove(desk)
        provider.stop()
        smtp.stop()


@pytest.fixture
def provider(provider_and_desk):
    return provider_and_desk[0]


@pytest.fixture
def desk(provider_and_desk):
    return provider_and_desk[1]


@pytest.fixture
def new_person(browser, desk):
    contexts = []

    def make() -> Page:
        contexts.append(browser.new_context(base_url=desk.base_url))
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, account: str, path: str = "/dashboard") -> None:
    page.goto(path)
    at_provider(page, account)


def at_provider(page: Page, account: str) -> None:
    page.get_by_placeholder("Enter any login").fill(account)
    page.get_by_placeholder("and password").fill("anything")
    page.get_by_role("button", name="Sign-in").click()


def staff_of(desk) -> dict[str, tuple]:
    with connect(desk.database_url) as connection:
        rows = connection.execute("SELECT email, subject, role, password_hash FROM staff")
        return {row[0]: tuple(row[1:]) for row in rows}


def test_the_first_administrator_comes_from_the_settings_and_adds_others(new_person, desk):
    boss = new_person()
    asked = []
    boss.on("request", lambda request: asked.append(request.url))
    sign_in(boss, "boss", "/people")
    expect(boss.get_by_role("heading", name="People")).to_be_visible()
    assert urlsplit(boss.url).path == "/people"
    assert staff_of(desk)["boss@printlab.example"] == ("boss", "admin", None)
    [begun] = [url for url in asked if "code_challenge" in url]
    query = parse_qs(urlsplit(begun).query)
    assert query["code_challenge_method"] == ["S256"] and query["response_type"] == ["code"]
    assert len(query["state"][0]) >= 32 and len(query["nonce"][0]) >= 32

    boss.get_by_role("button", name="Add a person").click()
    dialog = boss.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Sam Staff")
    dialog.get_by_label("E-mail").fill("Sam@printlab.example")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).to_be_hidden()
    row = boss.get_by_role("listitem").filter(has_text="sam@printlab.example")
    expect(row).to_contain_text("Has not signed in yet")

    sam = new_person()
    sign_in(sam, "sam")
    expect(sam.get_by_role("heading", name="Queue")).to_be_attached()
    assert staff_of(desk)["sam@printlab.example"][0] == "sam"

    boss.reload()
    row.get_by_role("button", name="Deactivate").click()
    boss.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(row).to_contain_text("Deactivated")
    sam.goto("/dashboard")  # out at the next step; the provider still knows him
    expect(sam.get_by_role("heading", name="You cannot sign in here")).to_be_visible()
    expect(sam.get_by_role("main")).to_contain_text("deactivated")


def test_an_unlisted_person_sees_the_contact(new_person, desk):
    eve = new_person()
    sign_in(eve, "eve")
    expect(eve.get_by_role("heading", name="You cannot sign in here")).to_be_visible()
    expect(eve.get_by_role("main")).to_contain_text("not on this lab's staff list")
    contact = eve.get_by_role("main").get_by_role("link", name=re.compile("@"))
    assert contact.get_attribute("href").startswith("mailto:")
    answer = eve.request.get("/api/v1/jobs")
    assert answer.status == 401
    assert "eve@elsewhere.example" not in staff_of(desk)

    # Another account is asked for, although the provider knows Eve.
    eve.get_by_role("link", name="Sign in with another account").click()
    at_provider(eve, "boss")
    eve.wait_for_url("**/dashboard")


def test_an_address_that_is_not_verified_makes_no_administrator(new_person, desk):
    mallory = new_person()
    sign_in(mallory, "mallory")
    expect(mallory.get_by_role("heading", name="You cannot sign in here")).to_be_visible()
    add_staff(desk, "boss2@printlab.example", "Second Boss", "a password of theirs", "admin")
    mallory.goto("/dashboard")
    expect(mallory.get_by_role("heading", name="You cannot sign in here")).to_be_visible()
    assert staff_of(desk)["boss2@printlab.example"][0] is None


def test_signing_out_ends_both_sessions(new_person, desk, provider):
    boss = new_person()
    sign_in(boss, "boss")
    boss.wait_for_url("**/dashboard")
    boss.get_by_role("button", name="Sign out").click()
    boss.wait_for_url(f"{provider.issuer}/session/end**")
    assert boss.request.get("/api/v1/jobs").status == 401
    boss.get_by_role("button", name=re.compile("Yes")).click()
    boss.wait_for_url("**/signed-out**")
    expect(boss.get_by_role("heading", name="You are signed out")).to_be_visible()
    boss.get_by_role("link", name="Sign in", exact=True).click()
    expect(boss.get_by_placeholder("Enter any login")).to_be_visible()


def test_the_providers_answer_is_valid_once_and_in_one_browser(new_person, desk):
    boss, other = new_person(), new_person()
    answers = []
    boss.on("request", lambda request: answers.append(request.url))
    sign_in(boss, "boss")
    boss.wait_for_url("**/dashboard")
    [callback] = [url for url in answers if "/login/callback?" in url]
    for page in (boss, other):
        page.goto(callback)
        expect(page.get_by_role("heading", name="Please sign in again")).to_be_visible()
    assert other.request.get("/api/v1/jobs").status == 401
    assert boss.request.get("/api/v1/jobs").status == 200


def test_a_cancelled_sign_in_and_a_foreign_target_give_no_access(new_person, desk):
    person = new_person()
    person.goto("/login?next=https://evil.example/")
    state = parse_qs(urlsplit(person.url).query).get("state")
    assert state is None  # the provider keeps it; only its own page is shown
    at_provider(person, "boss")
    person.wait_for_url("**/dashboard")
    person.goto("/login/callback?error=access_denied&state=forged")
    expect(person.get_by_role("heading", name="Please sign in again")).to_be_visible()


def test_passwords_do_not_work(new_person, desk):
    page = new_person()
    login = {"email": "boss@printlab.example", "password": "anything at all"}
    answer = page.request.post("/api/v1/auth/login", data=login)
    assert answer.status == 403
    assert "your organisation's account" in answer.json()["message"]
    assert page.request.post("/login", form=login).status == 403


def test_signed_in_people_can_work_while_the_provider_is_unavailable(new_person, desk, provider):
    page = new_person()
    sign_in(page, "boss")
    page.wait_for_url("**/dashboard")
    provider.stop()
    try:
        assert page.request.get("/api/v1/jobs").status == 200
        assert page.request.post("/logout").status == 200
        assert page.request.get("/api/v1/jobs").status == 401
    finally:
        provider.start()


def test_secrets_do_not_reach_the_logs(desk):
    logs = "".join(log.read_text(errors="replace") for log in (desk.var / "log").glob("*.log"))
    assert oidc.CLIENT_SECRET not in logs + desk.said()
    assert "code=" not in logs
