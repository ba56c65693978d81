"""Tables as CSV and Excel files, and the lists of jobs behind them."""
