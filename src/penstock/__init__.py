"""Penstock: a smart order router that learns from its own executions."""

__version__ = "0.1.0"
