"""JWTs of an identity provider: the rules of RFC 8725, and the source of the keys."""

import json
import threading
import time

import jwt
import pytest

from services.errors import NotSignedIn, Retryable
from services.people import bearer, fetching, jwks
from tests.support import issuer as issuers
from tests.support.issuer import ISSUER, ec_key, public_jwk, public_pem, rsa_key, segment


def ago(seconds):
    """A moment that is worked out when the test runs; the same words in every test process."""
    return f"now-{seconds}"


def now(claims):
    """The claims with such moments worked out."""
    at = time.time()
    return {
        name: int(at - int(value[4:])) if str(value).startswith("now-") else value
        for name, value in claims.items()
    }


@pytest.fixture
def issuer(configure):
    jwks.store.cache_clear()
    with issuers.running() as running:
        configure(JWT_JWKS_URL=running.url, JWT_ISSUER=ISSUER)
        yield running
    jwks.store.cache_clear()


def refuse(token):
    with pytest.raises(NotSignedIn) as refused:
        bearer.verify(token)
    assert refused.value.message == "Invalid or expired token"


def test_a_token_of_the_issuer_is_accepted(issuer):
    assert bearer.verify(issuer.token())["sub"] == "user_1"


def test_a_token_signed_with_es256_is_accepted(issuer):
    issuer.keys.append(public_jwk(ec_key(), "curve", alg="ES256"))
    token = issuer.token(ec_key(), "curve", "ES256")
    assert bearer.verify(token)["sub"] == "user_1"


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_alg_none_is_refused(issuer, name):
    refuse(issuer.forged({"alg": name, "typ": "JWT", "kid": "first"}))


@pytest.mark.parametrize("secret", ["pem", "stripped", "jwk"])
def test_hs256_signed_with_the_public_key_is_refused(issuer, secret):
    pem = public_pem(rsa_key())
    secrets = {"pem": pem, "stripped": pem.strip(), "jwk": json.dumps(issuer.keys[0]).encode()}
    refuse(issuer.forged({"alg": "HS256", "typ": "JWT", "kid": "first"}, secrets[secret]))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_are_refused_even_with_the_right_key(issuer, algorithm):
    refuse(issuer.token(alg=algorithm))


def test_the_algorithm_must_be_that_of_the_key(issuer):
    issuer.keys = [public_jwk(rsa_key(), "other", alg="RS512"), public_jwk(rsa_key(), "first")]
    refuse(issuer.token(kid="other"))
    refuse(issuer.token(ec_key(), "first", "ES256"))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"exp": None},
        {"exp": ago(6)},
        {"exp": "tomorrow"},
        {"exp": 1e400},
        {"nbf": ago(-120)},
        {"nbf": "soon"},
        {"iat": ago(-120)},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_with_wrong_claims_is_refused(issuer, claims):
    refuse(issuer.token(**now(claims)))


def test_clocks_may_differ_by_some_seconds(issuer):
    assert bearer.verify(issuer.token(**now({"exp": ago(3)})))
    assert bearer.verify(issuer.token(**now({"nbf": ago(-3), "iat": ago(-3)})))


def test_the_audience_counts_when_it_is_set(issuer, configure):
    assert bearer.verify(issuer.token(aud="anything"))
    configure(JWT_AUDIENCE="printdesk")
    assert bearer.verify(issuer.token(aud=["another", "printdesk"]))
    for wrong in ("another", ["another"], None, [], 7):
        refuse(issuer.token(aud=wrong))


def test_the_authorised_party_counts_when_it_is_set(issuer, configure):
    assert bearer.verify(issuer.token(azp="https://elsewhere.example"))
    configure(JWT_AUTHORIZED_PARTIES="https://print.example, https://slicer.example")
    assert bearer.verify(issuer.token(azp="https://slicer.example"))
    for wrong in ("https://elsewhere.example", None, "", ["https://print.example"], 7):
        refuse(issuer.token(azp=wrong))


def test_without_an_issuer_in_the_settings_no_token_is_accepted(issuer, configure):
    configure(JWT_ISSUER="")
    refuse(issuer.token())
    refuse(issuer.token(iss=""))


def test_another_key_under_the_same_id_is_refused(issuer):
    refuse(issuer.token(rsa_key("attacker")))


def test_a_short_key_is_refused(issuer):
    weak = rsa_key("weak", 1024)
    issuer.keys = [public_jwk(weak, "first")]
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = issuer.token(weak)
    refuse(token)


@pytest.mark.parametrize("kid", [None, "", "another", "../first", "x" * 5000])
def test_a_key_id_that_is_not_known_is_refused(issuer, kid):
    refuse(issuer.token(kid=kid))


def test_keys_that_come_with_the_token_are_not_used(issuer):
    attacker = rsa_key("attacker")
    own = public_jwk(attacker, "first")
    for embedded in (
        {"jwk": own},
        {"jku": f"{issuer.base}/evil.json"},
        {"x5u": f"{issuer.base}/evil.pem"},
        {"x5c": ["MIIB"]},
    ):
        for kid in ("first", "evil"):
            headers = {"kid": kid, **embedded}
            refuse(jwt.encode(issuer.claims(), attacker, algorithm="RS256", headers=headers))
    assert issuer.others == []  # nobody asked where the token said


@pytest.mark.parametrize(
    "token",
    [
        "..",
        "a.b.c",
        "e30.e30.",
        f"{segment(['RS256'])}.e30.e30",
        f"{segment({'alg': ['RS256'], 'kid': 'first'})}.e30.e30",
        f"{segment({'alg': {}, 'kid': 'first'})}.e30.e30",
        f"{segment({'alg': 'RS256', 'kid': 7})}.e30.e30",
        f"{segment({'alg': 'RS256', 'kid': 'first', 'crit': ['exp']})}.e30.e30",
        f"{segment({'alg': 'RS256', 'kid': 'first', 'b64': False})}.e30.e30",
        segment(b"[" * 5000) + ".e30.e30",
        "\x00.\x00.\x00",
        "ü.ü.ü",
        "🂡.🂡.🂡",
        "",
    ],
)
def test_garbage_is_refused(issuer, token):
    refuse(token)
    assert bearer.looks_like_jwt(token) in (True, False)


def test_a_token_cut_off_or_changed_anywhere_is_refused(issuer):
    token = issuer.token()
    head, body, signature = token.split(".")
    for end in range(0, len(token), 37):
        refuse(token[:end])
    changed = segment(issuer.claims(sub="somebody-else"))
    refuse(f"{head}.{changed}.{signature}")
    refuse(f"{head}.{body}.{signature[:-8]}")
    refuse(f"{head}.{body}.")


def test_the_keys_are_asked_for_once(issuer):
    for _ in range(5):
        bearer.verify(issuer.token())
    assert issuer.asked == 1


def test_unknown_key_ids_ask_at_most_once_a_minute(issuer, monkeypatch):
    bearer.verify(issuer.token())
    for number in range(20):
        refuse(issuer.token(kid=f"made-up-{number}"))
    assert issuer.asked == 2
    bearer.verify(issuer.token())
    before = time.monotonic()
    monkeypatch.setattr(jwks.time, "monotonic", lambda: before + 61)
    refuse(issuer.token(kid="made-up"))
    refuse(issuer.token(kid="made-up"))
    assert issuer.asked == 3


def test_unknown_key_ids_from_many_threads_ask_once(issuer):
    bearer.verify(issuer.token())
    issuer.wait_s = 0.2
    token = issuer.token(kid="made-up")
    threads = [threading.Thread(target=refuse, args=(token,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert issuer.asked == 2


def test_a_new_key_is_taken_at_once_and_an_old_one_until_it_is_forgotten(issuer, monkeypatch):
    bearer.verify(issuer.token())
    issuer.keys = [public_jwk(rsa_key("second"), "second")]
    assert bearer.verify(issuer.token(rsa_key("second"), "second"))
    refuse(issuer.token())


def test_a_key_that_was_withdrawn_is_forgotten_without_any_new_one(issuer, monkeypatch):
    bearer.verify(issuer.token())
    issuer.keys = [public_jwk(rsa_key("second"), "second")]
    assert bearer.verify(issuer.token())
    before = time.monotonic()
    monkeypatch.setattr(jwks.time, "monotonic", lambda: before + jwks.REFRESH_S + 1)
    refuse(issuer.token())


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"oops"),
        (404, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"keys": "none"}'),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [1, null, {}, {"kty": "RSA", "kid": "x"}]}'),
        (200, b"[" * 100_000),
        (200, b" " * (fetching.MAX_BYTES + 1)),
    ],
    ids=lambda answer: f"{answer[0]}-{answer[1][:12]!r}",
)
def test_known_keys_stay_while_the_jwks_is_unavailable(issuer, answer, monkeypatch):
    bearer.verify(issuer.token())
    issuer.answer = answer
    refuse(issuer.token(kid="made-up"))
    assert bearer.verify(issuer.token())
    before = time.monotonic()
    monkeypatch.setattr(jwks.time, "monotonic", lambda: before + jwks.REFRESH_S + 1)
    assert bearer.verify(issuer.token())
    assert issuer.asked == 3


def test_a_stopped_server_leaves_the_known_keys(issuer):
    bearer.verify(issuer.token())
    issuer.stop()
    refuse(issuer.token(kid="made-up"))
    assert bearer.verify(issuer.token())


def test_without_any_key_it_is_retryable(issuer, monkeypatch):
    issuer.answer = (503, b"")
    for _ in range(3):
        with pytest.raises(Retryable):
            bearer.verify(issuer.token())
    assert issuer.asked == 1
    issuer.answer = None
    before = time.monotonic()
    monkeypatch.setattr(jwks.time, "monotonic", lambda: before + jwks.RETRY_WITHOUT_KEYS_S + 1)
    assert bearer.verify(issuer.token())


def test_a_slow_server_times_out(issuer, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.3)
    issuer.wait_s = 5
    started = time.monotonic()
    with pytest.raises(Retryable):
        bearer.verify(issuer.token())
    assert time.monotonic() - started < 4


def test_private_and_foreign_keys_of_the_set_are_passed_over(issuer):
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key()))
    issuer.keys = [
        {**private, "kid": "private"},
        public_jwk(rsa_key(), "encrypting", use="enc"),
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        public_jwk(rsa_key(), "first"),
    ]
    assert bearer.verify(issuer.token())
    for kid in ("private", "encrypting", "shared"):
        refuse(issuer.token(kid=kid))


def test_a_token_of_our_own_does_not_look_like_a_jwt(issuer):
    from itsdangerous import URLSafeTimedSerializer

    own = URLSafeTimedSerializer("key", salt="any").dumps(["an id", "a stamp"])
    assert own.count(".") == 2
    assert not bearer.looks_like_jwt(own)
    assert bearer.looks_like_jwt(issuer.token())
