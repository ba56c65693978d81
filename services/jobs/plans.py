"""How a job is to be printed: what staff settle, and what goes together."""

from collections.abc import Collection
from dataclasses import dataclass

from models import Job
from services.checks import results
from services.errors import Conflict, Invalid
from settings import lab


@dataclass(frozen=True)
class PrintPlan:
    """What staff settle when they approve: grams, hours, and where it is printed. None keeps what
    the student asked for."""

    weight_g: float
    time_hours: float
    material: str | None = None
    printer: str | None = None
    color: str | None = None


def require_price(job: Job) -> None:
    """A job that was made Pending by hand may have no price. Raises Conflict."""
    if job.cost_cents is None:
        raise Conflict("This job has no price yet. Change it back to Uploaded and approve it.")


def choose_printer(
    job: Job, plan: PrintPlan, asked: Collection[str] = ("printer", "color")
) -> None:
    """Sets material, printer and colour, when they go together. Another material has another
    estimate. What is not in `asked` is left as it is, even if the lab no longer has it."""
    material = lab().find_material(plan.material or job.material)
    if material is None:
        names = ", ".join(known.name for known in lab().materials)
        raise Invalid(material=f"Choose one of: {names}.")
    printer = lab().find_printer(plan.printer or job.printer)
    fitting = [known for known in lab().printers if known.material == material.name]
    color, wrong = plan.color or job.color, {}
    if "printer" in asked and (printer is None or printer not in fitting):
        names = ", ".join(known.name for known in fitting)
        wrong["printer"] = f"Choose a printer that prints {material.name}: {names}."
    if "color" in asked and color not in material.colors:
        wrong["color"] = f"{color} is not a {material.name} colour. Choose another one."
    if wrong:
        raise Invalid(**wrong)
    if material.name != job.material:
        job.model = results.renew_estimate(job.model, material.name)
    job.material, job.printer, job.color = material.name, plan.printer or job.printer, color
