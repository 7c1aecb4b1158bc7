"""Page that shows runs and channels in a browser, served on this machine and only to its reader."""

from graflow.ui.serving import ServedPage, serve

__all__ = ["ServedPage", "serve"]
