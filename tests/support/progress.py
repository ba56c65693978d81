"""A long run in a few lines: one for each tenth of it, and at once one for each failure."""

import time

import pytest

STEPS = 10
Status = tuple[str, str, str]


class Progress:
    """For the process of pytest-xdist that hands the tests out."""

    def __init__(self, config: pytest.Config) -> None:
        self.terminal = config.pluginmanager.get_plugin("terminalreporter")
        self.started = time.monotonic()
        self.seen: set[str] = set()
        self.step = 0
        # Otherwise a run that is not on a terminal begins by saying twice that it is beginning.
        config.pluginmanager.get_plugin("terminaldistreporter").ensure_show_status = lambda: None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Status | None:
        """No letter for a test: without one, pytest only counts it."""
        if report.passed and report.when != "call":
            return None
        if report.failed:
            return ("failed", "", "FAILED") if report.when == "call" else ("error", "", "ERROR")
        return "xfailed" if hasattr(report, "wasxfail") else report.outcome, "", ""

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.terminal.write_line(f"FAILED {report.nodeid}", red=True)
        self.seen.add(report.nodeid)
        total = self.terminal._session.testscollected
        if len(self.seen) * STEPS >= (self.step + 1) * total:
            self.step = len(self.seen) * STEPS // total
            minutes, seconds = divmod(round(time.monotonic() - self.started), 60)
            self.terminal.write_line(
                f"{100 * self.step // STEPS:4} % of {total} tests after {minutes}:{seconds:02}"
            )
        self.terminal.flush()
