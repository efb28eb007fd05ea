"""One command per claim of docs/performance.md. Each runs baseline and ours interleaved and prints medians and ratios."""
