"""The commands: argument parsing, and one module a command."""
