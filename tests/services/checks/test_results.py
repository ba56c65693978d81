"""What a job keeps of a check: the reader's verdict, and the version that it has."""

from reader.verdict import answers
from services.checks import results
from settings import ROOT, lab
from tests.reader.test_judging import FACTS


def test_a_result_has_its_version_and_the_labs_price():
    model = results.judge(answers.read_facts(FACTS), None, "Filament")
    assert model["checker"] == results.checker()
    known = lab()
    price = float(known.find_material("Filament").cents_per_gram)
    assert model["estimate_cents"] == [
        max(known.pricing.minimum_cents, round(weight * price)) for weight in model["estimate_g"]
    ]


def test_the_checkers_version_follows_the_labs_facts(configure, tmp_path):
    before = results.checker()
    text = (ROOT / "lab.toml").read_text().replace("[250, 210, 220]", "[250, 210, 230]")
    (tmp_path / "lab.toml").write_text(text)
    configure(LAB_FILE=str(tmp_path / "lab.toml"))
    lab.cache_clear()
    try:
        assert results.checker() != before
    finally:
        configure(LAB_FILE=str(ROOT / "lab.toml"))
        lab.cache_clear()
