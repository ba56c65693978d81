"""What jobs, events and print runs add up to: the reports, the API's numbers, the exports.

Each module asks PostgreSQL for one subject and answers with frozen dataclasses; nothing is counted
in Python, and nothing is estimated. See docs/reports.md for what each figure counts.
"""
