"""A job's `model`: what the reader made of its file, judged by the facts of lab.toml."""

import hashlib
import json
from functools import partial
from typing import Any

from reader.errors import Unreadable
from reader.lab import Lab, Material, Printer, WeightRange
from reader.sandbox import Limits
from reader.verdict import estimates, judging
from reader.verdict.answers import Facts, NotAsked, Opinion
from services.jobs.costs import cost_cents
from settings import lab, settings

MAX_ATTEMPTS = 3  # of a reading that is killed from outside
GIVEN_UP = (
    f"it could not be read here, because reading it broke off {MAX_ATTEMPTS} times. "
    "“Check again” has it tried once more"
)


def limits() -> Limits:
    """What one reading may use: CHECK_MEMORY_MB, CHECK_CPU_S, CHECK_WALL_S."""
    known = settings()
    return Limits(known.check_memory_mb, known.check_cpu_s, known.check_wall_s)


def lab_facts() -> Lab:
    """The printers, and how weights are estimated, as the reader takes them."""
    known = lab()
    return Lab(
        tuple(Printer(each.id, each.name, each.build_volume_mm) for each in known.printers),
        WeightRange(**known.estimate.model_dump()),
    )


def material_facts(name: str) -> Material | None:
    """The material of this name with the lab's price, or None when lab.toml does not list it."""
    known = lab().find_material(name)
    if known is None:
        return None
    price = partial(
        cost_cents,
        cents_per_gram=known.cents_per_gram,
        minimum_cents=lab().pricing.minimum_cents,
    )
    return Material(known.density_g_cm3, known.infill, price)


def checker() -> str:
    """The version of the check, and of the facts of lab.toml that go into it."""
    known = lab()
    parts = [[printer.id, *printer.build_volume_mm] for printer in known.printers] + [
        [material.name, material.density_g_cm3, material.infill, str(material.cents_per_gram)]
        for material in known.materials
    ]
    text = json.dumps([parts, known.estimate.model_dump(), known.pricing.minimum_cents])
    return f"{judging.VERSION}.{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def pending() -> dict[str, Any]:
    return {"state": "pending"}


def failed(error: str) -> dict[str, Any]:
    """There is no result, and why."""
    return {"state": "failed", "error": error, "warnings": [], "checker": checker()}


def judge(
    facts: Facts, opinion: Opinion | Unreadable | NotAsked | str | None, material: str
) -> dict[str, Any]:
    """The `model` object of a file with these facts, printed in this material."""
    found = judging.judge(facts, opinion, lab_facts(), material_facts(material))
    return found | {"checker": checker()}


def renew_estimate(model: dict[str, Any], material: str) -> dict[str, Any]:
    """The same with the estimate for another material; unchanged for one that is not known."""
    facts = material_facts(material)
    return estimates.renewed(model, facts, lab_facts().weight_range) if facts else model
