"""Handing a finished model to Ollama."""
