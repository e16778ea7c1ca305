"""Reproducible measurements: each prints its figures, as ratios against a bound of the same run."""
