"""noria.toml, read once into frozen values with units; and the making of new projects."""
