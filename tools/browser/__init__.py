"""Chromium without a screen, for the tests of the site: what fetches it, and what drives it."""
