"""The practice model and the practice helper: the whole path without network, key or GPU."""
