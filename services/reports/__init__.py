"""What jobs, events and print runs add up to: the reports, the API's numbers, the exports.

Each module asks PostgreSQL for the aggregates of one subject and shapes them with pandas: periods
without a row are filled, rows become columns, shares and running sums are taken. Nothing is
estimated. See docs/reports.md for what each figure counts.
"""
