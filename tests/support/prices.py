"""Expected prices: for services/jobs/costs.py, which is authoritative, and for assets/costs.js,
which shows the live price."""

# Grams, cents per gram, minimum in cents, and the price in cents.
PRICES = [
    (42.5, "10", 300, 425),
    (42.5, "20", 300, 850),
    (30, "10", 300, 300),
    (30.1, "10", 300, 301),
    (29.9, "10", 300, 300),
    (29.94, "10", 300, 300),
    (29.95, "10", 300, 300),  # 299.5 cents, which is the minimum once it is rounded
    (30.05, "10", 0, 301),  # 300.5 cents
    (30.04, "10", 0, 300),
    (1.005, "100", 0, 101),  # as binary floats the product is just below 100.5
    (0.35, "10", 0, 4),
    (12.3, "12.5", 0, 154),
    (8.165, "100", 0, 817),
    (1.15, "10", 0, 12),
    (0.001, "10", 0, 0),
    (0.001, "10", 300, 300),
    (1e-7, "10", 300, 300),
    (1e-7, "5000000", 0, 1),
    (33.333333333333336, "3", 0, 100),
    (123456.789, "10", 300, 1234568),
    (1e6, "12.345", 300, 12345000),
]
