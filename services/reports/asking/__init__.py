"""What a report is asked: its period, its filters, the opening hours it is held against."""
