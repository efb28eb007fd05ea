"""Step 4: samples → a LoRA adapter, and what is said about it before and after."""
