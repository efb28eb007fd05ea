"""Step 3: training samples, written by a helper model from the chunks, checked, reviewed, brought in and out."""
