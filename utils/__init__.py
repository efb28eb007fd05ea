"""Helpers that know nothing of documents, models or the UI."""
