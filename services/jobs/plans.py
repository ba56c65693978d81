"""Print settings of a job: the values that staff choose, and valid combinations."""

from collections.abc import Collection
from dataclasses import dataclass

from models import Job
from services.checks import results
from services.errors import Conflict, Invalid
from settings import lab


@dataclass(frozen=True)
class PrintPlan:
    """The values that staff choose on approval: grams, hours, and print settings. None keeps the
    student's choice."""

    weight_g: float
    time_hours: float
    material: str | None = None
    printer: str | None = None
    color: str | None = None


def require_price(job: Job) -> None:
    """Raises Conflict if the job has no price, because its status was set to Pending manually."""
    if job.cost_cents is None:
        raise Conflict("This job has no price yet. Change it back to Uploaded and approve it.")


def choose_printer(
    job: Job, plan: PrintPlan, asked: Collection[str] = ("printer", "color")
) -> None:
    """Sets material, printer and colour, if they are a valid combination. A new material changes
    the estimate. Values that are not in `asked` stay, even if the lab no longer has them."""
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
