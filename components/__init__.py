"""Dash components that pages share; built from plain data, without queries."""
