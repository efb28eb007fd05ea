"""One command per claim of docs/performance.md: baseline and ours interleaved in one run, medians and ratios."""
