"""`python -m launch`: what `make run` does once the packages are installed."""

import sys

from launch import checks
from launch.processes import LaunchError
from launch.supervisor import Supervisor


def main() -> int:
    try:
        return Supervisor(checks.read_settings()).run()
    except LaunchError as problem:
        print(f"printdesk: {problem}", file=sys.stderr, flush=True)
        return problem.code


if __name__ == "__main__":
    sys.exit(main())
