"""News that servers push: which keys of the channels that are watched may have changed."""
