"""The browser's side: what a person sees and sets. Knows core; never sqlite, torch or the network."""
