"""The command line: one verb per module, imported when it is called."""
