"""Measurements of speed, as ratios to the least that the work could cost."""
