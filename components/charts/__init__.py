"""The reports' charts: Plotly figures, each drawn from the table that stands below it."""
