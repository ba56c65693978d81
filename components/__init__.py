"""Dash pieces that pages share; built from plain data, they never query."""
