"""People who may sign in to a started Printdesk, added in its own database."""

import os
import subprocess
import sys

from settings import ROOT
from tests.support.launched import Launched

_ADD = """
import sys
from models import Role
from services import work
from services.actors import SYSTEM
from services.people import accounts
email, name, password, role = sys.argv[1:]
with work.unit() as session:
    accounts.add(session, email, name, Role(role), password, actor=SYSTEM)
"""


def add_staff(live: Launched, email: str, name: str, password: str, role: str = "staff") -> None:
    """In a process of its own: this one's settings name another database."""
    environment = {**os.environ, "DATABASE_URL": live.database_url}
    arguments = (sys.executable, "-c", _ADD, email, name, password, role)
    subprocess.run(arguments, check=True, cwd=ROOT, env=environment)
