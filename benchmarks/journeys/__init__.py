"""Figures of plans that walk: entering, moving, waiting, hearing, and the rules alone."""
