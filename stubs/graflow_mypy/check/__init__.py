"""The checks of the plugin: keys, schemas, results."""
