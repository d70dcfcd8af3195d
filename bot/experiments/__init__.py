"""Measurements behind the defaults; nothing here runs in production."""
