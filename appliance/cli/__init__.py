"""The commands: argument parsing, and one module per command."""
