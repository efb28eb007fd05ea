"""Helper models that write samples: what each one is asked and how it answers."""
